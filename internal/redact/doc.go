// Package redact takes secrets out of messages before any sink sees them: what proves an identity,
// or lets a password be guessed.
//
// It guarantees that what it is asked to hide reaches no output: where the bytes leave room for
// doubt it hides too much rather than too little. It is total: it never panics and never fails,
// whatever the bytes are, and its work grows with their number alone.
//
// It must not know sockets, sinks or how anything is shown: it says which bytes to hide, and hides
// them.
//
// Start reading at [Passwords], then passwords.go, which says what of an event is secret. named.go
// finds what SQL calls so, vague.go what it may mean to keep as well, known.go what servers repeat.
// Package sqltext cuts SQL into tokens; what of it is secret is decided here alone.
package redact
