// Package servertext recognizes what servers say in errors and notices, in English.
//
// It guarantees:
//
//   - A word of a text counts as the server's own only if the whole text, from its first word to
//     its last, fits a template of PostgreSQL 15.
//   - What fills the holes of a template is a name, a number, SQL or data, by what the template
//     says. When in doubt, it is data.
//   - A text without a template, in whatever language, is unknown as a whole.
//   - No text makes it fail, and its work grows linearly with the length of the text.
//
// Less formally: it recognizes words that can't be anybody's data, and doubts the rest.
//
// The templates themselves are not here. templates.txt only has hashes of the words between their
// holes. Command gen makes that file from the message catalogs of an installed PostgreSQL.
//
// It must not know messages, or what the parts are used for.
//
// Start reading at [AppendParts]. template.go says what a template is, match.go how one is found.
package servertext
