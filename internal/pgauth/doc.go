// Package pgauth is the client side of PostgreSQL's password authentication: cleartext, MD5,
// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS. pgpi uses it with --override-auth, where it logs in to the
// server on the client's behalf.
//
// It guarantees:
//
//   - It answers, and refuses to answer, as libpq does with the same channel binding policy.
//   - When a SCRAM exchange succeeds, the server has proved that it knows the password.
//   - No error text contains the password, or anything from which it could be guessed.
//
// Less formally: pgpi logs in as a careful client would, and is no easier to fool.
//
// It must not know sockets, framing, logs or the client's leg. It turns the server's authentication
// requests into the bodies of the messages that answer them, and nothing else.
//
// Start reading at [Exchange.Respond].
package pgauth
