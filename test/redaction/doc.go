// Package redaction checks that what is redacted is gone.
//
// It guarantees that every way in which data gets into messages is tried with a canary of its own:
// live and from a recording, with each option, on servers that speak several languages, and with
// scripted ones. Then it looks for the canary in every output and in the recording. A canary may
// only be found where that is by design, and docs/redaction.md must say so. A run without redaction
// finds each of them, so the test can fail.
//
// When the tables were made, before anything was mended, the canaries of 141 of their 504
// constructs were found and should not have been, in 10512 outputs.
//
// It must not know how secrets and values are found: pgpi is a program here.
//
// Start reading at [construct] and the tables below it: secrets_test.go, values_test.go,
// errors_test.go and scripted_test.go. runs_test.go has the runs, and canaries_test.go what they
// look for.
package redaction
