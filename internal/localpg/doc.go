// Package localpg runs throwaway PostgreSQL servers, version 10 or later, from the programs on this machine.
//
// It guarantees that a server and its directory are gone once Close has returned, and soon after the process
// that started it has ended in any other way, even after SIGKILL, by a janitor. Programs that call Start must
// therefore call RunJanitorIfAsked first thing in main, or what it calls, and tests in TestMain.
//
// It must not know what pgpi does with the server: it speaks no protocol, and waits
// for a server by its lock file, not by connecting to it.
//
// Start reading at Start in server.go, then cluster.go for what is made before a server runs, and janitor.go.
package localpg
