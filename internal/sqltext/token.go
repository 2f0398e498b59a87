package sqltext

// Span is a run of bytes, from Start up to but not including End.
type Span struct{ Start, End int }

// Token is a piece of SQL.
//
// Tokens are the server's, with three exceptions. Spaces and comments, which the server skips, are
// tokens too. N'…' is one token, while the server reads the word nchar and a constant. And where
// the server gives up, for example at a constant that never ends, there is a token for that too,
// and the scan continues after it.
type Token struct {
	Kind  Kind
	Doubt Doubt
	// Unterminated is set if the text ends before the closing quote of a constant or name, or
	// before the end of a comment between /* and */. No server accepts such a text. It may be the
	// beginning of one.
	Unterminated bool
	Span
}

// Kind is what a token is.
type Kind uint8

// The kinds of tokens.
const (
	// End comes after the last token, and is empty.
	End Kind = iota
	// Space is a run of blanks, tabs, line ends, form feeds and, as in server 16 and later,
	// vertical tabs.
	Space
	// LineComment extends from -- to the end of the line, which is not part of it.
	LineComment
	// BlockComment extends from /* to its */, including comments nested in it.
	BlockComment

	// Word is a key word or a name without quotes.
	Word
	// QuotedName is "…".
	QuotedName
	// UnicodeName is U&"…".
	UnicodeName

	// String is '…'. Like all constants in single quotes, it can be continued on another line:
	//
	//	'one' -- and
	//	'the same'
	//
	// Then it is one token, with everything between its parts.
	String
	// EscapeString is E'…', with backslash escapes.
	EscapeString
	// UnicodeString is U&'…'. A UESCAPE after it is a separate word.
	UnicodeString
	// NationalString is N'…', which means the same as '…'.
	NationalString
	// DollarString is $$…$$ or $tag$…$tag$.
	DollarString
	// BitString is B'…'.
	BitString
	// HexString is X'…'.
	HexString
	// Number is a number without its sign, and anything that directly follows its digits: 1_000,
	// 0x1F, 12abc. Servers before 16 read the first two as a number and a name. Servers before 15
	// read the third so, and later ones refuse it.
	Number

	// Parameter is $1. A word that directly follows its digits is another token: servers from 15 on
	// refuse it.
	Parameter
	// Operator is an operator of one or more characters.
	Operator
	// Punctuation is one of , ( ) [ ] . ; : :: .. and :=.
	Punctuation
	// Other is a byte that begins none of these, such as a $ by itself, a backslash, a brace or a
	// control character.
	Other
)

var kinds = [...]string{
	"end", "space", "line comment", "block comment", "word", "quoted name", "Unicode name", "string", "escape string",
	"Unicode string", "national string", "dollar string", "bit string", "hex string", "number", "parameter", "operator",
	"punctuation", "other",
}

// String returns a kind as in "quoted name".
func (k Kind) String() string { return kinds[k] }

// IsComment reports whether a kind is a comment.
func (k Kind) IsComment() bool { return k == LineComment || k == BlockComment }

// IsName reports whether a kind is a name. A word without quotes may be one.
func (k Kind) IsName() bool { return k >= Word && k <= UnicodeName }

// IsString reports whether a kind is a constant in any sort of quotes.
func (k Kind) IsString() bool { return k >= String && k <= HexString }

// IsConstant reports whether a kind is a constant: a string or a number.
func (k Kind) IsConstant() bool { return k >= String && k <= Number }

// Doubt is what about a token depends on unknown settings.
//
// Only backslashes in constants cause doubt: [Settings] says which. If the encoding is unknown, a
// word or operator next to a byte above 0x7f is cut as in UTF-8, and does not say so.
type Doubt uint8

const (
	// NoDoubt means that the token is the same for all possible settings.
	NoDoubt Doubt = iota
	// ValueInDoubt means that the token is cut the same, but may have another meaning, as '\n' may.
	ValueInDoubt
	// CutInDoubt means that with some possible settings the token ends elsewhere, as 'C:\' may. So
	// may all tokens after it. They are cut as for [StandardStrings] and UTF-8. [Settings.Readings]
	// has the settings to scan again with.
	CutInDoubt
)
