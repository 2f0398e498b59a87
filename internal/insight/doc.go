// Package insight finds what people look for in traffic: statements that are one for each row of
// another, that are sent again and again, that fail, that take long. It is the last stage.
//
// It guarantees:
//
//   - A finding says what was seen, with its numbers, and never why. What was inferred is said to
//     be.
//   - Equal events make equal findings, live and from a recording. Deadlines are by the time of
//     events.
//   - A finding has a signature that stays the same from run to run. It is emitted each time, and
//     marked from the second time on.
//   - Its memory is bounded. If clients do so much that there is no room, it forgets the oldest that
//     it knows, and says what of that a finding lacks.
//
// Less formally: it is silent if it is not sure.
//
// A rule watches a scope: a connection, a transaction, a unit, a burst or a client. A client is all
// connections with the same user, database, application_name and address; under pgpi run it is all
// connections of the command. A burst is what a client does until it rests for a second. It does
// not prove that its statements belong together. A unit does.
//
// It must not know sockets, clocks or sinks, and it must not guess what the code of a client does.
//
// Start reading at rules.go, the list of rules, then rule.go, which says what a rule is. The files are
// of five groups:
//
//   - Scopes: stage.go takes events. connection.go, client.go, scope.go and transaction.go follow what
//     an event is part of, and say when that begins and ends. deadline.go has the scopes that end
//     when time has passed. exchange.go is an exchange as rules see it, and finding.go what they say
//     of it.
//   - Memory: account.go adds up, in bytes, what all others keep, and has the oldest forgotten.
//   - Rules: each has a file, named for it (n+1 is nplusone.go, and idle-in-transaction idle.go), and
//     failedtransaction.go is a part of errors. abandoned.go is a short one to begin with. prepared.go
//     and tally.go are shared by rules about prepared statements.
//   - What n+1, repeated and duplicate know of data: value.go is one value, values.go reads those that
//     a statement asks for, rows.go collects those of a result, and memory.go keeps results for as long
//     as a statement may follow them.
//   - The proof of n+1: follow.go compares the statements of a connection with results, row for row,
//     and crowd.go those of all connections together. follows.go has both for a burst. proof.go decides
//     what is proven, with relation.go, which compares names, and tables.go, which finds the tables
//     that they are of. nplusone.go says it.
package insight
