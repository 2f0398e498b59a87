package wire_test

import (
	"testing"

	"pgpi/internal/wire"
)

// replicationExamples are messages of streaming replication and base backups.
var replicationExamples = []example{
	{typ: wire.XLogData, bytes: typed('d', walHeader+"table public.t: INSERT: id[integer]:1")},
	{typ: wire.XLogData, what: "empty", bytes: typed('d', walHeader)},
	{typ: wire.PrimaryKeepalive, bytes: typed('d', "k\x00\x00\x00\x00\x01\xa2\xb3\xc4\x00\x02\xdf\x0a\x5d\x7e\x39\x40\x01")},
	{typ: wire.PrimaryStatusUpdate, bytes: typed('d', "s\x00\x00\x00\x00\x01\xa2\xb3\xc4"+
		"\x00\x00\x00\x00\x00\x00\x02\xee\x00\x00\x00\x00\x00\x00\x02\xef\x00\x02\xdf\x0a\x5d\x7e\x39\x40")},
	{typ: wire.StandbyStatusUpdate, bytes: typed('d', "r\x00\x00\x00\x00\x00\x00\x00\x01"+
		"\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x03\x00\x02\xdf\x0a\x5d\x7e\x39\x40\x00")},
	{typ: wire.HotStandbyFeedback, bytes: typed('d', "h\x00\x02\xdf\x0a\x5d\x7e\x39\x40"+
		"\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x02\xee\x00\x00\x00\x01")},
	{typ: wire.PrimaryStatusRequest, bytes: typed('d', "p\x00\x02\xdf\x0a\x5d\x7e\x39\x40")},
	{typ: wire.BackupNewArchive, bytes: typed('d', "nbase.tar\x00\x00")},
	{typ: wire.BackupManifest, bytes: typed('d', "m")},
	{typ: wire.BackupData, bytes: typed('d', "dbackup_label\x00\x00")},
	{typ: wire.BackupProgress, bytes: typed('d', "p\x00\x00\x00\x00\x00\x01\x00\x00")},
	{typ: wire.BackupTar, bytes: typed('d', "backup_label\x00\x00")},
	{typ: wire.BackupManifestData, bytes: typed('d', "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n")},
	{typ: wire.UploadManifest, bytes: typed('d', "{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n")},
}

const walHeader = "w\x00\x00\x00\x00\x01\xa2\xb3\xc4\x00\x00\x00\x00\x01\xa2\xb3\xd0\x00\x02\xdf\x0a\x5d\x7e\x39\x40"

// A payload is named by its letter, and stays CopyData where it is never sent.
func TestIdentifyReplication(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from wire.Sender
		body string
		want wire.Type
	}{
		{wire.Server, "w", wire.XLogData}, {wire.Server, "k", wire.PrimaryKeepalive}, {wire.Server, "s", wire.PrimaryStatusUpdate},
		{wire.Server, "r", wire.CopyData}, {wire.Server, "", wire.CopyData},
		{wire.Client, "r", wire.StandbyStatusUpdate}, {wire.Client, "h", wire.HotStandbyFeedback},
		{wire.Client, "p", wire.PrimaryStatusRequest}, {wire.Client, "w", wire.CopyData},
	} {
		if got := wire.IdentifyReplication(test.from, []byte(typed('d', test.body))); got != test.want {
			t.Errorf("%q from %d is %s, want %s", test.body, test.from, got, test.want)
		}
	}
}

func TestIdentifyBackup(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]wire.Type{
		"n": wire.BackupNewArchive, "m": wire.BackupManifest, "d": wire.BackupData, "p": wire.BackupProgress,
		"x": wire.CopyData, "": wire.CopyData,
	} {
		if got := wire.IdentifyBackup([]byte(typed('d', body))); got != want {
			t.Errorf("%q is %s, want %s", body, got, want)
		}
	}
}
