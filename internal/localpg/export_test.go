package localpg

// CommandLine is for tests that look at whether a server has ended. Its port may be another's by then.
var CommandLine = commandLine
