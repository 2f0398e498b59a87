// Package wire is the grammar of the Postgres protocol: it says what each byte
// of a message is.
//
// It guarantees three things. The leaves of a walk tile the message: every
// byte belongs to exactly one named field, or to an explicit [Trailing],
// [Malformed] or [Omitted] one. A walk can't fail and can't panic: what does
// not follow the grammar is data about the message, not an error. And a walk
// is a pure function of the message's type, a small [State] and its bytes, and
// allocates nothing beyond the slice that the caller owns.
//
// It must not know connections: which type a message is where its bytes alone
// don't tell (the four meanings of "p", what travels inside COPY) is decided by
// whoever holds the connection's memory, before the walk. It imports nothing
// but the standard library.
//
// Start reading at registry.go, which has one line for each message, then see
// how one of them is written down in server.go or client.go. cursor.go is what
// the grammar is written with, and random.go runs the same grammar backwards to
// make messages for tests.
//
// Names are those of the PostgreSQL documentation, chapter "Frontend/Backend
// Protocol", sections "Message Formats" and "Error and Notice Message Fields".
package wire
