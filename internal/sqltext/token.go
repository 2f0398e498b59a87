package sqltext

// Span is a run of bytes, from Start up to but not including End.
type Span struct{ Start, End int }

// Token is a piece of SQL.
//
// Tokens are those of the server, with three exceptions. Spaces and comments, which the server
// skips, are tokens as well. N'…' is one token, where the server reads the word nchar and a
// constant. And where the server gives up, as it does at a constant that never ends, there is a
// token for that too, and the scan goes on behind it.
type Token struct {
	Kind  Kind
	Doubt Doubt
	// Unterminated says that the text ends before the closing quote of a constant or a name, or
	// before the end of a comment between /* and */. No server takes such a text; it may be the
	// beginning of one.
	Unterminated bool
	Span
}

// Kind is what a token is.
type Kind uint8

// The kinds of tokens.
const (
	// End is behind the last token, and empty.
	End Kind = iota
	// Space is a run of blanks, tabs, line ends, form feeds and, as since server 16, vertical tabs.
	Space
	// LineComment goes from -- to the end of the line, which is not part of it.
	LineComment
	// BlockComment goes from /* to its */, with those nested in it.
	BlockComment

	// Word is a key word or a name without quotes.
	Word
	// QuotedName is "…".
	QuotedName
	// UnicodeName is U&"…".
	UnicodeName

	// String is '…'. Like all constants in single quotes it can be continued on another line, as in
	//
	//	'one' -- and
	//	'the same'
	//
	// and is one token then, with all that is between its parts.
	String
	// EscapeString is E'…', with backslash escapes.
	EscapeString
	// UnicodeString is U&'…'. A UESCAPE behind it is a word of its own.
	UnicodeString
	// NationalString is N'…', which means the same as '…'.
	NationalString
	// DollarString is $$…$$ or $tag$…$tag$.
	DollarString
	// BitString is B'…'.
	BitString
	// HexString is X'…'.
	HexString
	// Number is a number without its sign, and what runs on behind its digits: 1_000, 0x1F, 12abc.
	// In the first two, servers before 16 see a number and a name, as those before 15 do in the
	// third, which later ones refuse.
	Number

	// Parameter is $1. A word that runs on behind its digits is another token: servers from 15 on
	// refuse it.
	Parameter
	// Operator is an operator, of one character or of several.
	Operator
	// Punctuation is one of , ( ) [ ] . ; : :: .. and :=.
	Punctuation
	// Other is a byte that begins none of these: a $ by itself, a backslash, a brace, a control
	// character.
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

// IsName reports whether a kind is a name, which a word without quotes may be.
func (k Kind) IsName() bool { return k >= Word && k <= UnicodeName }

// IsString reports whether a kind is a constant in quotes of any sort.
func (k Kind) IsString() bool { return k >= String && k <= HexString }

// IsConstant reports whether a kind is a constant: a string or a number.
func (k Kind) IsConstant() bool { return k >= String && k <= Number }

// Doubt is what about a token depends on settings that are not known.
//
// Only constants bring doubt about, and only their backslashes do: [Settings] says which. A word or
// an operator beside a byte above 0x7f is cut as if the encoding were UTF-8 where that is not
// known, and does not say so.
type Doubt uint8

const (
	// NoDoubt says that the token is the same for all settings that are possible.
	NoDoubt Doubt = iota
	// ValueInDoubt says that the token is cut the same, but may mean something else, as '\n' does.
	ValueInDoubt
	// CutInDoubt says that by one of the possible settings the token ends elsewhere, as 'C:\' may.
	// All tokens behind it are in the same doubt. They are cut as [StandardStrings] and UTF-8 have
	// them, and [Settings.Readings] has the settings by which to scan again.
	CutInDoubt
)
