// Package redact takes secrets and values out of messages before any sink sees them.
//
// It guarantees that what it is asked to hide reaches no output: where the bytes leave room for doubt it hides too
// much rather than too little. It is total: it never panics and never fails, whatever the bytes are, and its work
// grows with their number alone.
//
// It must not know sockets, sinks or how anything is shown: it says which bytes to hide, and hides them.
//
// Start reading at AppendSQLSecrets, which finds the secrets in SQL text, and at Values, which puts pseudonyms in the
// place of data: values_piece.go says what becomes of which field, values_text.go and values_binary.go how.
package redact
