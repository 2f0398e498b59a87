// Package pseudonym replaces users' data with pseudonyms, so that a log or a recording can be given
// to others.
//
// It guarantees:
//
//   - A pseudonym has the length of what it replaces, is of its kind and parses as its type.
//   - Equal words have equal pseudonyms, wherever they are.
//   - A value of four bytes or more, once seen, is nowhere in what it has changed.
//   - It also hides everything that package redact hides.
//   - It never panics and never fails, whatever the bytes are.
//
// Less formally: the result has the shape of the original, without what it said.
//
// It must not know sockets, sinks or how anything is shown.
//
// Start reading at [Values.Apply]. piece.go says what happens to which field, and prose.go and
// binary.go how. word.go gives a word its pseudonym, sql.go finds the data in SQL, and seen.go
// finds values again.
package pseudonym
