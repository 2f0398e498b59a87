// Package redaction holds that what is redacted is gone.
//
// It guarantees that each way in which data gets into messages is tried with a canary of its own:
// live and from a recording, with each option, on servers that speak several languages, and with
// scripted ones. The canary is then looked for in every output and in the recording. Where it is
// found, it must be there by design, and docs/redaction.md must say so. A run without redaction
// finds each of them, so that the test can fail.
//
// When the tables were made, before anything was mended, the canaries of 141 of their 504
// constructs were found and should not have been, in 10512 outputs.
//
// It must not know how secrets and values are found: pgpi is a program here.
//
// Start reading at [construct] and the tables below it: secrets_test.go, values_test.go,
// errors_test.go and scripted_test.go. runs_test.go has the runs, canaries_test.go what is looked
// for in them.
package redaction
