// Package dialects holds pgpi to servers that no package has: PostgreSQL 19, and servers that speak
// PostgreSQL's protocol with words of their own.
//
// It guarantees that what scripts of them say passes unchanged, and that each of pgpi's logs has a
// name for every byte of it. It must not know how a log is written. Start reading at Conversation in
// script_test.go; postgres19_test.go has everything that PostgreSQL 19 says otherwise.
package dialects
