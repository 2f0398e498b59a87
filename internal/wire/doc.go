// Package wire is the grammar of the Postgres protocol: it says what each byte of a message is.
//
// It guarantees three things:
//
//   - The leaves of a walk tile the message. Every byte belongs to exactly one field: a named one,
//     or an explicit [Trailing], [Malformed] or [Omitted] one.
//   - A walk can't fail and can't panic. What does not follow the grammar is data about the
//     message, not an error.
//   - A walk is a pure function of the message's type, a small [State] and its bytes. It allocates
//     nothing beyond the slice that the caller owns.
//
// Less formally: hand it any bytes, under any type, and it names all of them.
//
// It must not know connections. Some bytes can't be named on their own: "p" has four meanings, and
// CopyData can contain anything. Whoever remembers the connection decides which type such a message
// has, before the walk. It imports nothing but the standard library.
//
// Start reading at registry.go, which has one line for each message. Then see how one of them is
// written in server.go or client.go. The vocabulary is in cursor.go, and random.go runs the same
// grammar backwards to make messages for tests.
//
// Names are those of the PostgreSQL documentation, chapter "Frontend/Backend Protocol", sections
// "Message Formats" and "Error and Notice Message Fields".
package wire
