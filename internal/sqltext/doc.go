// Package sqltext cuts SQL into tokens as PostgreSQL does (src/backend/parser/scan.l, versions 14
// to 19). From the tokens it reads what pgpi needs to know: constants, comments, names, what a few
// statements say, and which statements have the same [Shape].
//
// It guarantees:
//
//   - Every byte of a text is in exactly one token. Spaces, comments and constants that never end
//     are tokens too.
//   - It never fails and never panics, whatever the bytes are.
//   - Its work grows only with their number. [Scanner.Next] allocates nothing.
//   - If a token depends on an unknown setting because of a backslash in a constant, it says so.
//
// Less formally: it cuts where the server would, and admits it when it can't be sure.
//
// It must not know where SQL comes from, what in it is secret or data, or what becomes of it. It
// has no grammar: code that wants to know what a statement is looks at the words itself, as copy.go
// and trait.go do.
//
// Start reading at [Token], then [Scanner.Next]. What statements have in common begins at [Shape],
// and what they do at [Traits].
// To see all constants of a text, and what they mean:
//
//	tokens := sqltext.NewScanner(sql, settings)
//	for t := tokens.Next(); t.Kind != sqltext.End; t = tokens.Next() {
//		if t.Kind.IsConstant() {
//			value, ok := tokens.AppendValue(nil, t)
//			…
//		}
//	}
package sqltext
