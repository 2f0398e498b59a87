package session

import (
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

var (
	replicationStartup = packet(3<<16, "user\x00frank\x00replication\x00database\x00\x00")
	copyBoth           = typed('W', "\x00\x00\x00")
	startLogical       = query(`START_REPLICATION SLOT "s" LOGICAL 0/0 (proto_version '4', streaming 'parallel', publication_names '"p"')`)
)

const (
	eight     = "\x00\x00\x00\x00\x00\x00\x00\x01"
	oneTable  = "\x00\x00\x40\x01"
	xid7      = "\x00\x00\x00\x07"
	oneValue  = "\x00\x01t\x00\x00\x00\x01"
	keepalive = "k" + eight + eight + "\x00"
)

// logicalData is a message of pgoutput.
func logicalData(body string) string { return data("w" + eight + eight + eight + body) }

// relation describes a table of one column.
func relation(xid, column string) string {
	return logicalData("R" + xid + oneTable + "public\x00t\x00d\x00\x01\x01" + column + "\x00\x00\x00\x00\x17\xff\xff\xff\xff")
}

func insert(xid, value string) string {
	return logicalData("I" + xid + oneTable + "N" + oneValue + value)
}

// afterReplicationLogin returns steps after a login for replication.
func afterReplicationLogin(steps ...step) []step {
	return append([]step{
		{toServer, replicationStartup, []wire.Type{wire.StartupMessage}, 0},
		{toClient, ok + ready, []wire.Type{wire.AuthenticationOk, wire.ReadyForQuery}, 0},
	}, steps...)
}

// backupResult is a result set with so many rows.
func backupResult(rows int) (bytes string, want []wire.Type) {
	bytes, want = typed('T', "\x00\x00"), []wire.Type{wire.RowDescription}
	for range rows {
		bytes, want = bytes+typed('D', "\x00\x00"), append(want, wire.DataRow)
	}
	return bytes + typed('C', "SELECT\x00"), append(want, wire.CommandComplete)
}

var replicationDialogues = []dialogue{
	{"physical replication", afterReplicationLogin(
		in(query("START_REPLICATION 0/1000000 TIMELINE 1"), wire.Query), out(copyBoth, wire.CopyBothResponse),
		out(logicalData("B")+data(keepalive)+data("s"+eight+eight+eight+eight)+data("?"),
			wire.XLogData, wire.PrimaryKeepalive, wire.PrimaryStatusUpdate, wire.CopyData),
		in(data("r"+eight+eight+eight+eight+"\x00")+data("h"+eight+eight+eight)+data("p"+eight)+data("w"),
			wire.StandbyStatusUpdate, wire.HotStandbyFeedback, wire.PrimaryStatusRequest, wire.CopyData),
		out(copyDone+logicalData("x"), wire.CopyDone, wire.XLogData), in(copyDone, wire.CopyDone),
		out(typed('T', "\x00\x00")+typed('D', "\x00\x00")+copied+copied+ready,
			wire.RowDescription, wire.DataRow, wire.CommandComplete, wire.CommandComplete, wire.ReadyForQuery),
		out(data(keepalive), wire.CopyData),
	)},
	{"pgoutput", afterReplicationLogin(
		in(startLogical, wire.Query), out(copyBoth+data(keepalive), wire.CopyBothResponse, wire.PrimaryKeepalive),
		out(logicalData("B"+eight+eight+xid7)+relation("", "id")+insert("", "1"), wire.LogicalBegin, wire.LogicalRelation, wire.LogicalInsert),
		out(logicalData("A"+xid7+xid7+eight+eight), wire.LogicalStreamAbort),
		in(data("r"+eight+eight+eight+eight+"\x00")+copyDone, wire.StandbyStatusUpdate, wire.CopyDone),
		out(logicalData("T\x00\x00\x00\x01\x00"+oneTable)+copyDone+copied+ready, wire.LogicalTruncate, wire.CopyDone, wire.CommandComplete, wire.ReadyForQuery),
	)},
	{"streamed", afterReplicationLogin(
		in(startLogical, wire.Query), out(copyBoth, wire.CopyBothResponse),
		out(logicalData("S"+xid7+"\x01")+relation(xid7, "id")+insert(xid7, "1")+logicalData("M"+xid7+"\x00"+eight+"p\x00\x00\x00\x00\x00")+logicalData("E"),
			wire.LogicalStreamStart, wire.LogicalRelation, wire.LogicalInsert, wire.LogicalMessage, wire.LogicalStreamStop),
		out(logicalData("c"+xid7+"\x00"+eight+eight+eight)+insert("", "2"), wire.LogicalStreamCommit, wire.LogicalInsert),
	)},
	{"options of pgoutput, but another plugin", afterReplicationLogin(
		in(startLogical, wire.Query), out(copyBoth, wire.CopyBothResponse),
		out(logicalData("BEGIN 7")+insert("", "1"), wire.XLogData, wire.XLogData),
	)},
	{"test_decoding", afterReplicationLogin(
		in(query(`START_REPLICATION SLOT s LOGICAL 0/0 ("include-xids" 'on')`), wire.Query), out(copyBoth, wire.CopyBothResponse),
		out(logicalData("BEGIN 7")+insert("", "1"), wire.XLogData, wire.XLogData),
	)},
	{"an error ends it", afterReplicationLogin(
		in(startLogical, wire.Query), out(copyBoth+failed+ready+data(keepalive), wire.CopyBothResponse, wire.ErrorResponse, wire.ReadyForQuery, wire.CopyData),
		in(data("r"+eight+eight+eight+eight+"\x00"), wire.StandbyStatusUpdate),
	)},
	{"base backup from server 15 on", afterReplicationLogin(
		status15, in(query("BASE_BACKUP ( LABEL 'x' )"), wire.Query), backupStep(1), backupStep(1),
		out(typed('H', "\x00\x00\x00")+data("nbase.tar\x00\x00")+data("dx")+data("p"+eight)+data("m")+data("d{}")+copyDone,
			wire.CopyOutResponse, wire.BackupNewArchive, wire.BackupData, wire.BackupProgress, wire.BackupManifest, wire.BackupData, wire.CopyDone),
		backupStep(1), out(copied+ready, wire.CommandComplete, wire.ReadyForQuery),
	)},
	{"base backup of server 14", afterReplicationLogin(
		out(status("server_version", "14.1"), wire.ParameterStatus),
		in(query("BASE_BACKUP LABEL 'x'"), wire.Query), backupStep(1), backupStep(2),
		out(typed('H', "\x00\x00\x00")+data("n")+copyDone+typed('H', "\x00\x00\x00")+data("d")+data("d")+copyDone,
			wire.CopyOutResponse, wire.BackupTar, wire.CopyDone, wire.CopyOutResponse, wire.BackupTar, wire.BackupTar, wire.CopyDone),
		out(typed('H', "\x00\x00\x00")+data("{}")+copyDone, wire.CopyOutResponse, wire.BackupManifestData, wire.CopyDone),
		backupStep(1), out(copied+ready, wire.CommandComplete, wire.ReadyForQuery),
	)},
	{"base backup of nobody knows which server", afterReplicationLogin(
		in(query("BASE_BACKUP"), wire.Query), backupStep(1), backupStep(1), out(typed('H', "\x00\x00\x00")+data("n"), wire.CopyOutResponse, wire.CopyData),
	)},
	{"upload of a manifest", afterReplicationLogin(
		in(query("UPLOAD_MANIFEST"), wire.Query), out(typed('G', "\x00\x00\x00"), wire.CopyInResponse),
		in(data("{")+data("}")+copyDone, wire.UploadManifest, wire.UploadManifest, wire.CopyDone), out(copied+ready, wire.CommandComplete, wire.ReadyForQuery),
	)},
	{"COPY over replication", afterReplicationLogin(
		in(query("COPY t TO STDOUT"), wire.Query), out(copyOut2+data("1\t2\n"), wire.CopyOutResponse, wire.CopyText),
	)},
	{"commands of replication without replication", afterLogin(
		status15, in(query("BASE_BACKUP"), wire.Query), out(typed('H', "\x00\x00\x00")+data("n"), wire.CopyOutResponse, wire.CopyData),
	)},
}

func backupStep(rows int) step {
	bytes, want := backupResult(rows)
	return step{toClient, bytes, want, 0}
}

// What a transaction that is streamed says of a table is its own until it commits.
func TestStreamedRelations(t *testing.T) {
	t.Parallel()
	stream := func(body string) string { return logicalData("S"+xid7+"\x00") + body + logicalData("E") }
	begin := afterReplicationLogin(in(startLogical, wire.Query), out(copyBoth+relation("", "old"), wire.CopyBothResponse, wire.LogicalRelation))
	const change = "XLogData/StreamStart\nXLogData/Relation public.t\nXLogData/Insert public.t new=1\nXLogData/StreamStop\n"
	for end, want := range map[string]string{
		logicalData("c" + xid7 + "\x00" + eight + eight + eight):               "XLogData/StreamCommit\nXLogData/Insert public.t new=2\n",
		logicalData("p\x00" + eight + eight + eight + xid7 + "gid\x00"):        "XLogData/StreamPrepare\nXLogData/Insert public.t new=2\n",
		logicalData("A" + xid7 + xid7 + eight + eight):                         "XLogData/StreamAbort\nXLogData/Insert public.t old=2\n",
		logicalData("A" + xid7 + "\x00\x00\x00\x08" + eight + eight):           "XLogData/StreamAbort\nXLogData/Insert public.t old=2\n",
		logicalData("c" + "\x00\x00\x00\x08" + "\x00" + eight + eight + eight): "XLogData/StreamCommit\nXLogData/Insert public.t old=2\n",
	} {
		p := newPump(t)
		for _, s := range begin {
			p.feed(s.direction, s.bytes, whole)
		}
		p.feed(toClient, stream(relation(xid7, "new")+insert(xid7, "1"))+end+insert("", "2"), everySoMany(7))
		if got := shown(p, toClient); got != "XLogData/Relation public.t\n"+change+want {
			t.Errorf("got\n%swant\n%s", got, change+want)
		}
	}
}

// Past the limit no table is named: rather than wrongly.
func TestTooManyRelations(t *testing.T) {
	t.Parallel()
	budget := NewBudget(3000)
	r := relations{budget: budget}
	c := &event.Context{Relation: "public.t", Columns: make([]event.Column, 3)}
	for range 1000 { // the same again
		r.set(0, 1, c)
	}
	r.set(7, 1, c)
	r.set(8, 2, c)
	if r.find(0, 1) != c || r.find(7, 1) != c || r.find(7, 2) != nil || r.find(8, 1) != c {
		t.Fatal("not remembered")
	}
	r.abort(8)
	r.commit(7)
	if want := relationCost(c); r.bytes != want || int(budget.used.Load()) != want || r.count != 1 {
		t.Fatalf("%d relations of %d bytes, want one of %d", r.count, r.bytes, want)
	}
	for oid := range uint32(100) {
		r.set(oid%3, oid, c)
	}
	if r.find(0, 1) != nil || budget.used.Load() != 0 {
		t.Errorf("still remembered: %v, %d bytes", r.find(0, 1), budget.used.Load())
	}
	r.set(0, 1, c)
	if r.find(0, 1) != nil {
		t.Error("named again, although an older one was forgotten")
	}
}

func TestAsksReplication(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"database": true, "true": true, "1": true, "yes": true, "false": false, "off": false, "0": false} {
		if got := asksReplication(wholeMessage(packet(3<<16, "user\x00replication\x00replication\x00"+value+"\x00\x00"))); got != want {
			t.Errorf("%s: %t", value, got)
		}
	}
	for _, b := range []string{packet(3<<16, "user\x00replication\x00\x00"), packet(3<<16, "replication"), "\x00\x00"} {
		if asksReplication(wholeMessage(b)) {
			t.Errorf("%q asks for replication", b)
		}
	}
}

func wholeMessage(b string) *wire.Message {
	return &wire.Message{Bytes: []byte(b), Size: int64(len(b))}
}
