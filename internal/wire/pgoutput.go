package wire

// The messages of pgoutput, the plugin of logical replication, each in an XLogData of its own
// (documentation section "Logical Replication Message Formats";
// src/backend/replication/logical/proto.c). Between Stream Start and Stream Stop most of them begin
// with the ID of their transaction. Only [State] says whether that is so.

// logicalStart is where the payload of XLogData begins in a message.
const logicalStart = HeaderSize + 1 + 3*8

// IdentifyLogical returns the type of a message of pgoutput, which depends on the first letter of
// the payload of its XLogData. With an unknown letter it stays [XLogData].
func IdentifyLogical(b []byte) Type {
	if len(b) <= logicalStart {
		return XLogData
	}
	for t := LogicalBegin; t <= LogicalStreamPrepare; t++ {
		if logicalLetters[t-LogicalBegin] == b[logicalStart] {
			return t
		}
	}
	return XLogData
}

// logicalLetters are the letters of LogicalBegin and the types after it.
const logicalLetters = "BCORYIUDTMSEcAbPKrp"

// LogicalLetter returns the first letter of a message of pgoutput, or 0 for other types.
func (t Type) LogicalLetter() byte {
	if t < LogicalBegin || t > LogicalStreamPrepare {
		return 0
	}
	return logicalLetters[t-LogicalBegin]
}

// logical reads what every message of pgoutput begins with.
func (c *cursor) logical(t Type) {
	c.wal()
	at := t - LogicalBegin
	c.Choice(LogicalType, logicalLetters[at:at+1])
}

// streamXID reads the transaction's ID if there is one.
func (c *cursor) streamXID() {
	if c.state.Streamed {
		c.Uint32(XID)
	}
}

func walkLogicalBegin(c *cursor) {
	c.logical(LogicalBegin)
	c.LSN(FinalLSN)
	c.Time(CommitTime)
	c.Uint32(XID)
}

func walkLogicalCommit(c *cursor) {
	c.logical(LogicalCommit)
	c.commit()
}

func (c *cursor) commit() {
	c.Int8(Flags)
	c.LSN(CommitLSN)
	c.LSN(TransactionEnd)
	c.Time(CommitTime)
}

func walkLogicalOrigin(c *cursor) {
	c.logical(LogicalOrigin)
	c.LSN(OriginLSN)
	c.CString(OriginName)
}

func walkLogicalRelation(c *cursor) {
	c.logical(LogicalRelation)
	c.streamXID()
	c.Uint32(RelationOID)
	c.CString(Namespace)
	c.CString(RelationName)
	c.Byte1(ReplicaIdentity, "dnfi")
	c.Repeat(c.Uint16(ColumnCount), Column, relationColumn)
}

func relationColumn(c *cursor) {
	c.Int8(Flags)
	c.CString(ColumnName)
	c.Uint32(TypeOID)
	c.Int32(TypeModifier)
}

func walkLogicalTypeName(c *cursor) {
	c.logical(LogicalTypeName)
	c.streamXID()
	c.Uint32(TypeOID)
	c.CString(Namespace)
	c.CString(TypeName)
}

func walkLogicalInsert(c *cursor) {
	c.logical(LogicalInsert)
	c.streamXID()
	c.Uint32(RelationOID)
	c.Group(Tuple, 0, newTuple)
}

func walkLogicalUpdate(c *cursor) {
	c.logical(LogicalUpdate)
	c.streamXID()
	c.Uint32(RelationOID)
	c.Group(Tuple, 0, anyTuple)
	if c.tuple != 'N' && !c.done {
		c.Group(Tuple, 1, newTuple)
	}
}

func walkLogicalDelete(c *cursor) {
	c.logical(LogicalDelete)
	c.streamXID()
	c.Uint32(RelationOID)
	c.Group(Tuple, 0, oldTuple)
}

func newTuple(c *cursor) { c.values("N") }
func oldTuple(c *cursor) { c.values("KO") }
func anyTuple(c *cursor) { c.values("KON") }

// values reads a tuple: the new row (N), the old one (O) or the old key (K).
func (c *cursor) values(letters string) {
	c.tuple = c.Choice(TupleType, letters)
	c.Repeat(c.Uint16(ColumnCount), Column, tupleValue)
}

func tupleValue(c *cursor) {
	name := ColumnValue
	switch c.tuple {
	case 'O':
		name = OldValue
	case 'K':
		name = OldKeyValue
	}
	switch c.Choice(ValueFormat, "nutb") { // null, unchanged TOAST, text, binary
	case 't':
		c.counted(ValueLength, name, TextValue)
	case 'b':
		c.counted(ValueLength, name, BinaryValue)
	}
}

// counted reads a length and that many bytes. Unlike [cursor.Sized], it has no length for NULL.
func (c *cursor) counted(length, n Name, k Kind) {
	if c.random != nil {
		c.random.short(c)
		random := c.random
		c.random = nil
		defer func() { c.random = random }()
	}
	size := c.Int32(length)
	if size < 0 {
		c.fail(n)
		return
	}
	c.Bytes(n, k, size)
}

func walkLogicalTruncate(c *cursor) {
	c.logical(LogicalTruncate)
	c.streamXID()
	n := c.Uint32(RelationCount)
	c.Int8(TruncateOptions)
	for ; n > 0 && !c.done; n-- {
		c.Uint32(RelationOID)
	}
}

func walkLogicalMessage(c *cursor) {
	c.logical(LogicalMessage)
	c.streamXID()
	c.Int8(Flags)
	c.LSN(MessageLSN)
	c.CString(Prefix)
	c.counted(DataLength, Content, Value)
}

func walkLogicalStreamStart(c *cursor) {
	c.logical(LogicalStreamStart)
	c.Uint32(XID)
	c.Int8(FirstSegment)
}

func walkLogicalStreamStop(c *cursor) { c.logical(LogicalStreamStop) }

func walkLogicalStreamCommit(c *cursor) {
	c.logical(LogicalStreamCommit)
	c.Uint32(XID)
	c.commit()
}

func walkLogicalStreamAbort(c *cursor) {
	c.logical(LogicalStreamAbort)
	c.Uint32(XID)
	c.Uint32(SubXID)
	if c.state.Parallel {
		c.LSN(AbortLSN)
		c.Time(AbortTime)
	}
}

func walkLogicalBeginPrepare(c *cursor) {
	c.logical(LogicalBeginPrepare)
	c.LSN(PrepareLSN)
	c.LSN(TransactionEnd)
	c.Time(PrepareTime)
	c.Uint32(XID)
	c.CString(GID)
}

func walkLogicalPrepare(c *cursor) {
	c.logical(LogicalPrepare)
	c.prepare()
}

func walkLogicalStreamPrepare(c *cursor) {
	c.logical(LogicalStreamPrepare)
	c.prepare()
}

func (c *cursor) prepare() {
	c.Int8(Flags)
	c.LSN(PrepareLSN)
	c.LSN(TransactionEnd)
	c.Time(PrepareTime)
	c.Uint32(XID)
	c.CString(GID)
}

func walkLogicalCommitPrepared(c *cursor) {
	c.logical(LogicalCommitPrepared)
	c.commit()
	c.Uint32(XID)
	c.CString(GID)
}

func walkLogicalRollbackPrepared(c *cursor) {
	c.logical(LogicalRollbackPrepared)
	c.Int8(Flags)
	c.LSN(PrepareLSN)
	c.LSN(RollbackEnd)
	c.Time(PrepareTime)
	c.Time(RollbackTime)
	c.Uint32(XID)
	c.CString(GID)
}
