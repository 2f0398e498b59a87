// Package leak looks for users' data where none should be: in a recording that was redacted. It is
// a second opinion. The check in package pseudonym uses the memory and the readers of the redaction
// itself, so one mistake in them could blind both.
//
// It guarantees:
//
//   - It learns the values from the input on its own. It reads SQL, COPY and errors with its own
//     code.
//   - It finds each value of four bytes or more that it has learned, in every place where
//     docs/redaction.md says that there is none. If it can't know, it says so.
//   - It never panics, whatever the bytes are, and its memory is bounded.
//
// Less formally: it is the colleague who checks the work without looking at how it was done.
//
// It must not know how values are redacted: it shares no code with packages redact and pseudonym.
//
// Start reading at [Detector]. part.go says which fields of a message contain data, sql.go cuts SQL
// into tokens, and statement.go says which of them are data. learned.go finds values again, and
// word.go the remains of parts of them.
package leak
