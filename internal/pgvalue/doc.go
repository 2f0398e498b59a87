// Package pgvalue prints a value as the server itself would print it: from a
// type's OID, a format and bytes of the wire to text, for every built-in type
// of PostgreSQL 14 to 19 that has a binary form. It knows the built-in functions
// that a FunctionCall names by OID, too.
//
// # What it guarantees
//
// It is total: no bytes make it panic, recurse without bound or print without
// bound. Bytes that do not fit their type append nothing and give a
// [*MalformedError] with the offset where sense ends. A value's text is at most
// [MaxText] bytes, nested values are at most [MaxDepth] deep, and for common
// types nothing is allocated where dst has room.
//
// Its text is the server's, given the session's own settings as ParameterStatus
// told them: TimeZone, DateStyle, IntervalStyle, client_encoding and
// server_version. The judge in this package compares it with real servers, of
// the versions that packages exist of: 14 to 18. What 19 prints otherwise is
// taken from its sources.
//
// # What the wire does not say
//
// Assumed at their defaults: extra_float_digits (1: the shortest digits that
// read back the same), bytea_output (hex), lc_monetary (C), xmloption. Settings
// that were not reported are assumed too: see [Parameters].
//
// A catalog would be needed for names behind OIDs: reg* types (regclass,
// regtype, …) print their OID. Types from OID 10000 on differ between servers
// or belong to the user: their bytes are printed as a string where they are
// printable UTF-8, else as hex, with the OID behind: `happy (oid 16402)`.
//
// # What it must not know
//
// Messages, connections, logs. It imports nothing of this module.
//
// # Where to start reading
//
// [AppendText] in value.go; the switch in print is one line a type. The types
// themselves are in types_table.go, and functions in functions.txt: gen writes
// both from real servers' catalogs.
package pgvalue
