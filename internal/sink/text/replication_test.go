package text

import (
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/wire"
	"pgpi/test/transcript"
)

const (
	someLSN  = "\x00\x00\x00\x00\x01\xa2\xb3\xc4"
	someTime = "\x00\x02\xdf\x0a\x5d\x7e\x39\x40"
	someXID  = "\x00\x00\x02\xee"
	wal      = "w" + someLSN + "\x00\x00\x00\x16\xff\xff\xff\xff" + someTime
)

// orders describes a table.
var orders = &event.Context{Relation: "public.orders", Columns: []event.Column{
	{Name: "id", TypeOID: 23}, {Name: "total", TypeOID: 1700}, {Name: "note", TypeOID: 25},
}}

func with(m event.Message, s wire.State, c *event.Context) event.Message {
	m.State, m.Context = s, c
	return m
}

func rowMessages(s *transcript.Transcript) {
	names := &event.Context{Relation: "public.orders", Columns: []event.Column{{Name: "id"}, {Name: "note"}}}
	text := wire.State{Copy: wire.Copy{Null: `\N`, EndMark: true}}
	first, second := "1\tfoo\n2\t\\N\n3\tcut i", "n two\n\\.\nignored"
	rest := text
	rest.Copy = rest.Copy.After(wire.CopyText, []byte(first))
	s.Client(with(message(wire.CopyText, first), text, names), with(message(wire.CopyText, second), rest, names))
	s.Server(with(message(wire.CopyText, "1\t"+strings.Repeat("long", 20)+"\tmore\n"), text, names))
	latin := with(message(wire.CopyText, "1\td\xe9j\xe0\n"), text, names)
	latin.Settings = &event.Settings{ClientEncoding: "LATIN1"}
	s.Server(latin)
	heading := wire.State{Copy: wire.Copy{Headings: 1}}
	s.Server(with(message(wire.CopyCSV, "id,note\n"), heading, nil), with(message(wire.CopyCSV, "1,\"a \"\"b\"\"\nc\",,\"\"\n"), wire.State{}, nil))
	s.Server(with(message(wire.CopyBinary, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"+
		"\x00\x02\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x03foo\x00\x02\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff"), wire.State{}, names))
	s.Client(with(cut(message(wire.CopyText, first), 11), text, names))
}

func replicationMessages(s *transcript.Transcript) {
	s.Server(message(wire.XLogData, wal+"table public.orders: INSERT: id[integer]:1"), message(wire.XLogData, wal+"\x01\x02\x03"))
	s.Server(message(wire.PrimaryKeepalive, "k"+someLSN+someTime+"\x01"))
	s.Server(message(wire.PrimaryStatusUpdate, "s"+someLSN+"\x00\x00\x00\x00"+someXID+"\x00\x00\x00\x00"+someXID+someTime))
	s.Client(message(wire.StandbyStatusUpdate, "r"+someLSN+someLSN+"\x00\x00\x00\x00\x00\x00\x00\x00"+"\x00\x00\x00\x00\x00\x00\x00\x00"+"\x00"))
	s.Client(message(wire.HotStandbyFeedback, "h"+"\x80\x00\x00\x00\x00\x00\x00\x00"+someXID+"\x00\x00\x00\x00"+someXID+"\x00\x00\x00\x01"))
	s.Client(message(wire.PrimaryStatusRequest, "p"+"\x7f\xff\xff\xff\xff\xff\xff\xff"))
}

func logicalMessages(s *transcript.Transcript) {
	const table = "\x00\x00\x40\x01"
	streamed, parallel := wire.State{Streamed: true}, wire.State{Parallel: true}
	s.Server(
		message(wire.LogicalBegin, wal+"B"+someLSN+someTime+someXID),
		message(wire.LogicalOrigin, wal+"O"+someLSN+"origin\x00"),
		with(message(wire.LogicalRelation, wal+"R"+table+"public\x00orders\x00d\x00\x02"+
			"\x01id\x00\x00\x00\x00\x17\xff\xff\xff\xff\x00total\x00\x00\x00\x06\xa4\x00\x0a\x00\x06"), wire.State{}, orders),
		message(wire.LogicalTypeName, wal+"Y\x00\x00\x40\x07public\x00mood\x00"),
		with(message(wire.LogicalInsert, wal+"I"+table+"N\x00\x03t\x00\x00\x00\x011b\x00\x00\x00\x0a\x00\x01\x00\x00\x00\x00\x00\x00\x00\x2an"), wire.State{}, orders),
		with(message(wire.LogicalUpdate, wal+"U"+table+"K\x00\x03t\x00\x00\x00\x011nnN\x00\x03t\x00\x00\x00\x012t\x00\x00\x00\x0242u"), wire.State{}, orders),
		with(message(wire.LogicalDelete, wal+"D"+table+"O\x00\x03b\x00\x00\x00\x04\x00\x00\x00\x02nt\x00\x00\x00\x00"), wire.State{}, orders),
		message(wire.LogicalDelete, wal+"D"+table+"K\x00\x01t\x00\x00\x00\x012"),
		with(message(wire.LogicalTruncate, wal+"T\x00\x00\x00\x02\x03"+table+table), wire.State{}, &event.Context{Relation: "public.a, public.b"}),
		message(wire.LogicalMessage, wal+"M\x01"+someLSN+"pgpi\x00\x00\x00\x00\x02hi"),
		message(wire.LogicalCommit, wal+"C\x00"+someLSN+someLSN+someTime))
	s.Server(
		message(wire.LogicalStreamStart, wal+"S"+someXID+"\x01"),
		with(message(wire.LogicalInsert, wal+"I"+someXID+table+"N\x00\x01t\x00\x00\x00\x011"), streamed, orders),
		with(message(wire.LogicalStreamStop, wal+"E"), streamed, nil),
		message(wire.LogicalStreamAbort, wal+"A"+someXID+someXID),
		with(message(wire.LogicalStreamAbort, wal+"A"+someXID+someXID+someLSN+someTime), parallel, nil),
		message(wire.LogicalStreamCommit, wal+"c"+someXID+"\x00"+someLSN+someLSN+someTime),
		message(wire.LogicalStreamPrepare, wal+"p\x00"+someLSN+someLSN+someTime+someXID+"gid\x00"))
	s.Server(
		message(wire.LogicalBeginPrepare, wal+"b"+someLSN+someLSN+someTime+someXID+"gid\x00"),
		message(wire.LogicalPrepare, wal+"P\x00"+someLSN+someLSN+someTime+someXID+"gid\x00"),
		message(wire.LogicalCommitPrepared, wal+"K\x00"+someLSN+someLSN+someTime+someXID+"gid\x00"),
		message(wire.LogicalRollbackPrepared, wal+"r\x00"+someLSN+someLSN+someTime+someTime+someXID+"gid\x00"))
}

func backupMessages(s *transcript.Transcript) {
	s.Server(
		message(wire.BackupNewArchive, "nbase.tar\x00\x00"), message(wire.BackupData, "dbackup_label\x00\x00\x00"),
		message(wire.BackupProgress, "p\x00\x00\x00\x00\x00\x01\x00\x00"), message(wire.BackupManifest, "m"),
		message(wire.BackupData, "d{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n"))
	s.Server(message(wire.BackupTar, "backup_label\x00\x00\x00"), message(wire.BackupManifestData, "{}\n"))
	s.Client(message(wire.UploadManifest, "{}\n"))
}
