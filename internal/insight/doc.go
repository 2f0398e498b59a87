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
//   - Its memory is bounded.
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
// Start reading at rules.go, the list of rules, then rule.go. Each rule is in a file of its own, and
// errors.go is a short one. stage.go follows clients and connections, and scope.go says when a scope
// begins and ends.
package insight
