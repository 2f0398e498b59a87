// Package dialects tests pgpi with servers that no package has: PostgreSQL 19, and servers that
// speak PostgreSQL's protocol with words of their own.
//
// It guarantees that what their scripts say passes unchanged, and that every byte of it has a name
// in each of pgpi's logs. It must not know how a log is written. Start reading at Conversation in
// script_test.go. postgres19_test.go has everything that PostgreSQL 19 says differently.
package dialects
