// Package pgvalue prints a value as the server itself would print it. From a type's OID, a format
// and bytes on the wire it makes text, for every built-in type of PostgreSQL 14 to 19 with a binary
// form. It also knows the built-in functions that a FunctionCall names by OID.
//
// # What it guarantees
//
// It is total: no bytes make it panic, recurse without bound or print without bound. If the bytes
// do not fit their type, it appends nothing and returns a [*MalformedError] with the offset at
// which they stop making sense. A value's text has at most [MaxText] bytes, and values are nested
// at most [MaxDepth] deep. For common types it allocates nothing if dst has room.
//
// Its text is the server's, with the session's own settings as reported in ParameterStatus:
// TimeZone, DateStyle, IntervalStyle, client_encoding and server_version. The judge in this package
// compares it with real servers of all packaged versions, 14 to 18. What 19 prints differently is
// taken from its sources.
//
// Less formally: what you read is what psql would have shown.
//
// # What the wire does not say
//
// Some settings are not reported, so their defaults are assumed: extra_float_digits (1: the
// shortest digits that read back as the same number), bytea_output (hex), lc_monetary (C) and
// xmloption. Reported settings that were not seen are assumed too: see [Parameters].
//
// Only a catalog has the names behind some OIDs. So reg* types (regclass, regtype, …) are printed
// as their OID. Types from OID 10000 on differ between servers or belong to the user. Their bytes
// are printed as a string if they are printable UTF-8, else in hex, followed by the OID: `happy
// (oid 16402)`.
//
// # What it must not know
//
// Messages, connections, logs. It imports nothing from this module.
//
// # Where to start reading
//
// Start reading at [AppendText] in value.go; the switch in print has one line for each type. The
// types themselves are in types_table.go, and the functions in functions.txt: gen writes both from
// the catalogs of real servers.
package pgvalue
