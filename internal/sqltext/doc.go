// Package sqltext cuts SQL into tokens as PostgreSQL does (src/backend/parser/scan.l, versions 14
// to 19), and reads what pgpi needs to know from them: constants, comments, names, what a few
// statements say, and which statements have one [Shape].
//
// It guarantees that every byte of a text is in exactly one token, spaces, comments and constants
// that never end included; that it never fails and never panics, whatever the bytes are; and that
// its work grows with their number alone. [Scanner.Next] allocates nothing. Where a token depends
// on a setting that is not known, the token says so.
//
// It must not know where SQL comes from, what in it is secret or data, nor what becomes of it. It
// has no grammar: a reader of tokens that wants to know what a statement is looks at the words
// itself, as copy.go does.
//
// Start reading at [Token], then [Scanner.Next]; at [Shape] for what statements have in common. To
// see all constants of a text, and what they
// mean:
//
//	tokens := sqltext.NewScanner(sql, settings)
//	for t := tokens.Next(); t.Kind != sqltext.End; t = tokens.Next() {
//		if t.Kind.IsConstant() {
//			value, ok := tokens.AppendValue(nil, t)
//			…
//		}
//	}
package sqltext
