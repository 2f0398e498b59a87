// Package servertext recognizes what servers say in errors and notices, in English.
//
// It guarantees that a word of a text counts as the server's own only where the whole text, from
// its first word to its last, is one that PostgreSQL 15 has a template for. What stands in the
// places that a template leaves open is a name, a number, SQL or data by what the template says,
// and data where that is in doubt. A text that has no template, in whatever language, is not known
// as a whole. It is total, and its work grows with the length of the text.
//
// The templates are not here: only hashes of the words between their open places are, in
// templates.txt. Command gen makes that file from the message catalogs of a PostgreSQL that is
// installed.
//
// It must not know messages, or what becomes of the parts.
//
// Start reading at [AppendParts]; template.go says what a template is, match.go how one is found.
package servertext
