// Package localpg runs throwaway PostgreSQL servers, version 10 or later, from the programs on this
// machine.
//
// It guarantees that a server and its directory are gone when Close has returned. If the process
// that started the server ends in any other way, even by SIGKILL, a janitor removes them soon
// after. Programs that call [Start] must therefore call janitor.RunIfAsked with [Folders] first
// thing in main. Tests call [RunJanitorIfAsked] in TestMain.
//
// Less formally: start as many servers as you like, and never look for leftovers.
//
// It must not know what pgpi does with the server. It speaks no protocol: it waits for a server by
// its lock file, not by connecting to it.
//
// Start reading at [Start] in server.go. What is made before a server runs is in cluster.go.
package localpg
