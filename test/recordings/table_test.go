package recordings

import "cmp"

// recording is what pgpi read reads in one go.
type recording struct {
	name string
	what string
	// files are in testdata. If none are named, it is the one with the recording's name.
	files []string
	// args are further arguments of pgpi read.
	args []string
	// log names the recording whose logs this one has, if they are not its own.
	log string
	// long is set if it has values that pqtrace, which shortens nothing, would show.
	long bool
	// queries is set if it is also read as queries.
	queries bool
	// make records it again. It is nil if its files belong to another recording.
	make func(m *maker)
}

// paths are the files of a recording, in testdata.
func (r *recording) paths() []string {
	if r.files == nil {
		return []string{r.name + ".pcapng"}
	}
	return r.files
}

// golden returns how the names of its golden files begin.
func (r *recording) golden() string { return cmp.Or(r.log, r.name) }

// recordings are all that are kept.
var recordings = []recording{
	{
		name: "plain", make: plain, args: []string{"--log-time=iso"},
		what: "psql without TLS: rows, NULL, errors, a notice, a notification, several statements in a Query; local time is Newfoundland's",
	},
	{
		name: "tls", make: encrypted,
		what: "TLS on both legs, with the certificates and a server name via SNI; a login by SCRAM",
	},
	{
		name: "direct", make: direct,
		what: "direct TLS on both legs",
	},
	{
		name: "chat", make: chat,
		what: "statements in both protocols, with a server that is played, for others to be made of",
	},
	{
		name: "unix", make: sockets,
		what: "a client at a Unix socket, and a server at one; with --log-forwarded=none",
	},
	{
		name: "bytewise", make: bytewise,
		what: "--send-chunking=byte; an IPv4 client and an IPv6 server",
	},
	{
		name: "override", make: override,
		what: "--override-auth: a password that is right and one that is wrong",
	},
	{
		name: "fallback", make: fallback,
		what: "sslmode prefer: a user for whom the server takes connections without TLS only; channel binding hidden from another",
	},
	{
		name: "refused", make: refused,
		what: "connections that don't come about: HTTP, no TLS, servers that speak no Postgres, too many, no server",
	},
	{
		name: "ends", make: ends,
		what: "connections that end in all ways: FATAL, half-closes, resets, in the middle of a message, two Terminates, with pgpi",
	},
	{
		name: "after_terminate", make: afterTerminate,
		what: "a client that sends a Sync after its Terminate and the server's end",
	},
	{
		name: "cancel", make: cancel,
		what: "a cancel request for a connection, and one for none",
	},
	{
		name: "extended", make: extended,
		what: "pgx: prepared statements, pipelines, parameters and rows in binary format, portals that are suspended, a function call",
	},
	{
		name: "copy", make: copies,
		what: "COPY in both directions, in text, CSV and binary format; one that fails",
	},
	{
		name: "logical", make: logical,
		what: "pg_recvlogical with pgoutput",
	},
	{
		name: "physical", make: physical,
		what: "a stream of the write-ahead log",
	},
	{
		name: "large", make: large, long: true, args: []string{"--log-max-value=40"},
		files: []string{"large.pcapng.gz"},
		what:  "messages that are too large to hold, in both directions, one of them cut off",
	},
	{
		name: "out_of_sync", make: outOfSync,
		what: "a server that sends what is no message, and a client that does",
	},
	{
		name: "passwords", make: passwords, long: true, args: []string{"--log-max-value=40"},
		files: []string{"passwords.pcapng.gz"},
		what:  "--redact-passwords: of logins, in SQL, in a message that is too large to hold",
	},
	{
		name: "passwords_out_of_sync", make: passwordsOutOfSync,
		what: "out_of_sync with --redact-passwords",
	},
	{
		name: "values", make: values, long: true, args: []string{"--log-max-value=40"},
		files: []string{"values.pcapng.gz"},
		what:  "--redact=values: rows, parameters, COPY, errors, a message that is too large to hold",
	},
	{
		name: "values_out_of_sync", make: valuesOutOfSync,
		what: "out_of_sync with --redact=values",
	},
	{
		name: "filtered", make: filtered,
		what: "--record-filter: one of two users, with the cancel request of each",
	},
	{
		name: "rotated", make: rotated, long: true, args: []string{"--log-max-value=40"},
		files: []string{"rotated-00003.pcapng.gz", "rotated-00001.pcapng.gz", "rotated-00002.pcapng.gz"},
		what:  "--record-rotate: prepared statements, rows, a COPY and a message that is too large to hold, across files",
	},
	{
		name: "rotated_alone", long: true, args: []string{"--log-max-value=40"},
		files: []string{"rotated-00002.pcapng.gz"},
		what:  "one file of a recording, which is not the first",
	},
	{
		name: "rotated_hole", long: true, args: []string{"--log-max-value=40"},
		files: []string{"rotated-00001.pcapng.gz", "rotated-00003.pcapng.gz"},
		what:  "a recording of which a file is missing",
	},
	{
		name: "together", files: []string{"unix.pcapng", "bytewise.pcapng"},
		what: "two recordings, whose tags are the same",
	},
	{
		name: "commented", make: commented, log: "chat",
		what: "somebody has written comments of his own to packets",
	},
	{
		name: "gap", make: gap,
		what: "somebody has taken packets out of a recording, in both directions",
	},
	{
		name: "beheaded", make: beheaded,
		what: "somebody has taken the beginning of a recording away",
	},
	{
		name: "killed", make: killed,
		what: "the file ends in the middle of a packet",
	},
	{
		name: "defect", make: defect,
		what: "what pgpi says of its own defects, and that it could not write fast enough",
	},
	{
		name: "capture_late", make: captureLate, files: []string{"capture_late.pcap"},
		what: "a capture of somebody else that begins in the middle of a connection and ends before it",
	},
	{
		name: "late", make: late,
		what: "pgpi read --record of capture_late",
	},
	{
		name: "capture_lost", make: captureLost, files: []string{"capture_lost.pcap"},
		what: "a capture of somebody else that lacks packets, a part of a message among them",
	},
	{
		name: "lost", make: lost,
		what: "pgpi read --record of capture_lost",
	},
	{
		name: "lost_passwords", make: lostPasswords,
		what: "pgpi read --record --redact-passwords of capture_lost",
	},
	{
		name: "capture_canceled", make: captureCanceled, files: []string{"capture_canceled.pcap"},
		what: "a capture of somebody else with the cancel request of cancel",
	},
	{
		name: "canceled", make: canceled,
		what: "pgpi read --record of capture_canceled",
	},
	{
		name: "capture_encrypted", make: captureEncrypted, files: []string{"capture_encrypted.pcap"},
		what: "a capture of somebody else of a connection that begins TLS",
	},
	{
		name: "capture_direct_tls", files: []string{"capture_direct_tls.pcap"},
		what: "a capture of somebody else of direct TLS, at a port of which pgpi is not told",
	},
	{
		name: "capture_snaplen", files: []string{"capture_snaplen.pcap"}, args: []string{"--port=63018"},
		what: "tcpdump -s 96",
	},
	{
		name: "encrypted", make: encryptedAgain,
		what: "pgpi read --record of capture_encrypted, which found out a packet earlier that it is",
	},
	{
		name: "begins_in_the_middle", files: []string{"begins_in_the_middle.pcap"}, args: []string{"--port=63018"},
		what: "a capture that was joined late",
	},
	{
		name: "rotated_second",
		what: "the second file alone of a rotated recording",
	},
	{
		name: "ready_before_sync",
		what: "asyncpg on QuestDB, which sends ReadyForQuery behind an error and swallows the Sync",
	},
	{
		name: "ready_twice",
		what: "a server that sends one ReadyForQuery too many, in a pipeline",
	},
	{
		name: "ready_missing",
		what: "a server that sends one ReadyForQuery too few",
	},
	{
		name: "function_calls",
		what: "large objects through FunctionCall",
	},
	{
		name: "other_encoding", queries: true,
		what: "rows and an error that are not in client_encoding",
	},
	{
		name: "never_answered", queries: true,
		what: "a pooler that swallows a Describe",
	},
}
