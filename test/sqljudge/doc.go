// Package sqljudge lets real servers judge internal/sqltext, from PostgreSQL 14 to 18. They return
// what sqltext says that a constant means, refuse what it says no server accepts, and name the tables
// that it takes for their own.
//
// It guarantees that the texts are the same in each run. It must not know how sqltext finds
// constants. Start reading at TestJudge.
package sqljudge
