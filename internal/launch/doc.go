// Package launch runs one command behind pgpi: it finds out which server the
// command would have used, gives the command an environment that leads to pgpi
// instead, and passes signals and the exit code through.
//
// It guarantees that the security the command was given (sslmode, certificates,
// channel binding, by environment, service file or connection string) becomes
// that of the server leg or is refused in one sentence, that passwords kept in a
// password file are still found, that no copy of such a file outlives pgpi, that no
// error repeats any part of a connection string but host names, ports and file
// names, and that no PGPI_ variable reaches the command.
//
// It must not know the proxy, the protocol or the flags: it says where the server
// is and what the command is to see, and cmd/pgpi brings the two together.
//
// Start reading at [Resolve] (target.go), which makes a [Target] from an environment.
// The order of work goes on: [FirstAnswering] (answer.go) picks one of its servers,
// [NewEnvironment] (environment.go) writes what the command gets, and [Run]
// (command.go) runs it. What moves from the client leg to the server leg is
// decided in two places: security.go for the server's, clientleg.go for the
// client's. [PrivateFolder] has the files that the command reads.
package launch
