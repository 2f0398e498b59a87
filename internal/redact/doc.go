// Package redact removes secrets from messages before any sink sees them. A secret is something
// that proves an identity, or allows guessing a password.
//
// It guarantees:
//
//   - What it is asked to hide reaches no output. When in doubt, it hides too much rather than too
//     little.
//   - It never panics and never fails, whatever the bytes are.
//   - Its work grows only with their number.
//
// Less formally: when it has seen an event, anybody may.
//
// It must not know sockets, sinks or how anything is shown. It decides which bytes to hide, and
// hides them.
//
// Start reading at [Passwords] in passwords.go, which says what is secret in an event. named.go
// finds what SQL itself calls a secret, vague.go what may be one as well, and known.go what servers
// repeat. Package sqltext cuts SQL into tokens; what is secret in it is only decided here.
package redact
