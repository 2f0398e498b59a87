// Package e2e tests pgpi end to end: the program that users run, between real clients and real
// servers, and scripted ones where those can't misbehave.
//
// It guarantees that what pgpi promises holds on the wire: bytes, exit codes and the log's fixed
// phrases. It must not know how pgpi is made inside: it starts the program and reads its log. No
// test asserts how long something takes; the limits in it only end what hangs.
//
// Start reading at table_test.go, which is every combination of server, sslmode, authentication and
// client with its expected outcome. pgpi_test.go starts the program and reads its log,
// clients_test.go and clusters_test.go have the real clients and servers, scripts_test.go the
// scripted ones.
package e2e
