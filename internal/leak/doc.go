// Package leak looks for the data of users where none should be: in a recording that was redacted. It is a second
// opinion. The check of package pseudonym uses the memory and the readers that the redaction itself uses, so that one
// mistake in them could blind both.
//
// It guarantees that it learns the values from the input by itself and reads SQL, COPY and errors with code of its own;
// that it finds each value of four bytes or more that it has learned, in every place where docs/redaction.md says that
// there is none; and that it says so where it can't know. It is total: it never panics, whatever the bytes are, and
// its memory is bounded.
//
// It must not know how values are redacted: it shares no code with packages redact and pseudonym.
//
// Start reading at [Detector]. part.go says which fields of a message hold data, sql.go cuts SQL into tokens,
// statement.go says which of them are data, learned.go finds values again, and word.go what is left of parts of them.
package leak
