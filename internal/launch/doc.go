// Package launch runs a command behind pgpi. It finds out which server the command would have used,
// gives it an environment that leads to pgpi instead, and passes on signals and the exit code.
//
// It guarantees:
//
//   - The security that the command asked for becomes that of the server leg, or is refused in one
//     sentence. That covers sslmode, certificates and channel binding, by environment, service file
//     or connection string.
//   - Passwords in a password file are still found, and no copy of such a file outlives pgpi.
//   - No error repeats any part of a connection string, except host names, ports and file names.
//   - No PGPI_ variable reaches the command.
//
// Less formally: the command runs as if pgpi were its server, and its passwords are as safe as
// before.
//
// It must not know the proxy, the protocol or the flags. It says where the server is and what the
// command should see; cmd/pgpi connects the two.
//
// Start reading at [Resolve] (target.go), which makes a [Target] from an environment. Then
// [FirstAnswering] (answer.go) picks one of its servers, [NewEnvironment] (environment.go) makes
// the command's environment, and [Run] (command.go) runs it. Two files decide what moves from the
// client leg to the server leg: security.go for the server's side, clientleg.go for the client's.
// [PrivateFolder] has the files for the command.
package launch
