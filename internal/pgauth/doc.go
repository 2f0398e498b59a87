// Package pgauth is the client side of PostgreSQL's password authentication: cleartext, MD5, SCRAM-SHA-256
// and SCRAM-SHA-256-PLUS. pgpi uses it with --override-auth, where it logs in to the server on the client's behalf.
//
// It guarantees that it answers, and refuses to answer, as libpq does under the same channel binding policy, that
// the server has proved to know the password when a SCRAM exchange ends well, and that no error text holds the
// password or anything from which it could be guessed.
//
// It must not know sockets, framing, logs or the client's leg: it turns the server's authentication requests into
// the bodies of the messages that answer them, and nothing else.
//
// Start reading at Exchange.Respond.
package pgauth
