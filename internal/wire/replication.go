package wire

// Streaming replication, inside CopyData (documentation section "Streaming Replication Protocol",
// under START_REPLICATION; src/backend/replication/walsender.c and walreceiver.c).

// IdentifyReplication returns the type of a CopyData message between CopyBothResponse and the end
// of streaming. It depends on the first letter of the payload.
func IdentifyReplication(from Sender, b []byte) Type {
	if len(b) <= HeaderSize {
		return CopyData
	}
	switch letter := b[HeaderSize]; {
	case from == Server && letter == 'w':
		return XLogData
	case from == Server && letter == 'k':
		return PrimaryKeepalive
	case from == Server && letter == 's':
		return PrimaryStatusUpdate
	case from == Client && letter == 'r':
		return StandbyStatusUpdate
	case from == Client && letter == 'h':
		return HotStandbyFeedback
	case from == Client && letter == 'p':
		return PrimaryStatusRequest
	}
	return CopyData
}

func walkXLogData(c *cursor) {
	c.wal()
	c.Rest(Data, Value)
}

// wal reads what every XLogData begins with.
func (c *cursor) wal() {
	c.header()
	c.Choice(PayloadType, "w")
	c.LSN(WALStart)
	c.LSN(WALEnd)
	c.Time(SentAt)
}

func walkPrimaryKeepalive(c *cursor) {
	c.header()
	c.Choice(PayloadType, "k")
	c.LSN(WALEnd)
	c.Time(SentAt)
	c.Int8(ReplyRequested)
}

// walkPrimaryStatusUpdate reads a message of servers 19 and later.
func walkPrimaryStatusUpdate(c *cursor) {
	c.header()
	c.Choice(PayloadType, "s")
	c.LSN(StatusLSN)
	c.Int64(OldestXID)
	c.Int64(NextXID)
	c.Time(SentAt)
}

func walkStandbyStatusUpdate(c *cursor) {
	c.header()
	c.Choice(PayloadType, "r")
	c.LSN(WrittenLSN)
	c.LSN(FlushedLSN)
	c.LSN(AppliedLSN)
	c.Time(SentAt)
	c.Int8(ReplyRequested)
}

func walkHotStandbyFeedback(c *cursor) {
	c.header()
	c.Choice(PayloadType, "h")
	c.Time(SentAt)
	c.Uint32(Xmin)
	c.Uint32(XminEpoch)
	c.Uint32(CatalogXmin)
	c.Uint32(CatalogXminEpoch)
}

// walkPrimaryStatusRequest reads a message to servers 19 and later.
func walkPrimaryStatusRequest(c *cursor) {
	c.header()
	c.Choice(PayloadType, "p")
	c.Time(SentAt)
}
