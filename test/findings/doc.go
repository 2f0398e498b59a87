// Package findings tests what pgpi finds in real traffic: the traffic that its rules are for, and
// traffic that looks like it and is something else.
//
// It guarantees that each finding is one that the table names, and that each that it names is found.
// The same is found in a recording of the traffic.
// It must not know how rules work: what they find is read from the JSON log.
//
// Start reading at scenarios_test.go, the table of what clients do and what is found.
package findings
