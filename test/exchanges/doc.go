// Package exchanges compares what pgpi says about exchanges with what the client knows about them.
//
// It guarantees, for random scripts that are sent to real servers, that JSON Lines has the outcome,
// rows, tags and errors that the client got. The client's account knows the documented flow of
// messages and nothing about pgpi. The SQL in a line of the queries log means what was sent,
// according to the server that got it. Client libraries report what pgpi reports. The scripts are
// the same in each run.
//
// It must not know how pgpi finds out what belongs together: pgpi is a program here.
//
// Start reading at scripts_test.go. account_test.go is the client's account, literals_test.go has
// the SQL of lines, and libraries_test.go the client libraries.
package exchanges
