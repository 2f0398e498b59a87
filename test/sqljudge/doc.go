// Package sqljudge lets real servers judge internal/sqltext, from PostgreSQL 14 to 18: they return
// what we say that a constant means, and refuse what we say that none takes.
//
// It guarantees that the texts are the same in each run. It must not know how sqltext finds
// constants. Start reading at TestJudge.
package sqljudge
