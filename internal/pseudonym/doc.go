// Package pseudonym puts pseudonyms in the place of users' data, so that a log or a recording can
// be handed on.
//
// It guarantees that a pseudonym has the length of what it replaces, is of its kind and parses as
// its type; that equal words have equal pseudonyms wherever they are; and that a value of four
// bytes or more, once seen, is in nothing that it has changed. It hides all that package redact
// hides, too. It is total: it never panics and never fails, whatever the bytes are.
//
// It must not know sockets, sinks or how anything is shown.
//
// Start reading at [Values.Apply]. piece.go says what becomes of which field, prose.go and
// binary.go how, word.go how a word gets its pseudonym, sql.go what of SQL is data, and seen.go
// how values are found again.
package pseudonym
