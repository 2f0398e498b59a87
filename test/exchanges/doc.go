// Package exchanges holds what pgpi says of exchanges to what the client knows of them.
//
// It guarantees that random scripts, sent to real servers, have in JSON Lines the outcome, rows, tags and
// errors that the client got, by an account that knows the documented flow of messages and nothing of pgpi;
// that the SQL of a line of the queries log means what was sent, on the server that got it; and that client
// libraries report what pgpi reports. The scripts are the same in each run.
//
// It must not know how pgpi finds out what belongs together: pgpi is a program here.
//
// Start reading at scripts_test.go; account_test.go is the client's account. literals_test.go has the SQL of
// lines, and libraries_test.go the client libraries.
package exchanges
