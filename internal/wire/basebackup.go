package wire

// Base backups of servers from 15 on, inside CopyData (documentation section "Streaming Replication
// Protocol", under BASE_BACKUP; src/backend/backup/basebackup_copy.c). What servers up to 14 send
// has no structure of its own.

// IdentifyBackup returns the type of a CopyData message in a base backup, which depends on the
// first letter of its payload.
func IdentifyBackup(b []byte) Type {
	if len(b) <= HeaderSize {
		return CopyData
	}
	switch b[HeaderSize] {
	case 'n':
		return BackupNewArchive
	case 'm':
		return BackupManifest
	case 'd':
		return BackupData
	case 'p':
		return BackupProgress
	}
	return CopyData
}

func walkBackupNewArchive(c *cursor) {
	c.header()
	c.Choice(PayloadType, "n")
	c.CString(ArchiveName)
	c.CString(TablespacePath)
}

func walkBackupManifest(c *cursor) {
	c.header()
	c.Choice(PayloadType, "m")
}

func walkBackupData(c *cursor) {
	c.header()
	c.Choice(PayloadType, "d")
	c.Rest(Data, Value)
}

func walkBackupProgress(c *cursor) {
	c.header()
	c.Choice(PayloadType, "p")
	c.Int64(Progress)
}
