package main

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"pgpi/internal/bus"
	"pgpi/internal/capture"
	"pgpi/internal/event"
	"pgpi/internal/sink/pcapng"
	"pgpi/internal/wire"
)

// place is a field that a broken redaction leaves as it was.
type place struct {
	typ  wire.Type
	name wire.Name
}

// places are those that are broken on purpose, one at a time.
var places = []place{
	{wire.StartupMessage, wire.KeyValue},
	{wire.ParameterStatus, wire.KeyValue},
	{wire.Query, wire.SQL},
	{wire.Parse, wire.SQL},
	{wire.Bind, wire.ParameterValue},
	{wire.DataRow, wire.ColumnValue},
	{wire.CopyText, wire.CopyValue},
	{wire.CopyFail, wire.FailReason},
	{wire.ErrorResponse, wire.ErrorValue},
	{wire.NoticeResponse, wire.ErrorValue},
	{wire.NotificationResponse, wire.NotifyPayload},
	{wire.FunctionCall, wire.ArgumentValue},
	{wire.FunctionCallResponse, wire.ResultValue},
	{wire.LogicalInsert, wire.ColumnValue},
}

// everywhere has a value of its own in each place.
func everywhere() []string {
	column := "\x00\x01n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00"
	raised := "Rexec_stmt_raise\x00\x00"
	wal := "w" + strings.Repeat("\x00", 24)
	return []string{
		packet("", "\x00\x03\x00\x00user\x00joe\x00options\x00-c app.tenant=Canary01\x00replication\x00database\x00\x00"),
		"<" + packet("R", "\x00\x00\x00\x00"), "<" + packet("S", "standard_conforming_strings\x00on\x00") + packet("S", "app.tenant\x00Canary02\x00"), "<" + packet("Z", "I"),
		packet("Q", "select 'Canary03'\x00"), "<" + packet("T", column) + packet("D", "\x00\x01\x00\x00\x00\x08Canary04") + packet("C", "SELECT 1\x00") + packet("Z", "I"),
		packet("P", "\x00select $1, 'Canary05'\x00\x00\x00") + packet("B", "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x08Canary06\x00\x00") + packet("E", "\x00\x00\x00\x00\x00") + packet("S", ""),
		"<" + packet("1", "") + packet("2", "") + packet("N", "MCanary07\x00"+raised) + packet("C", "SELECT 1\x00") + packet("Z", "I"),
		packet("Q", "copy t from stdin\x00"), "<" + packet("G", "\x00\x00\x01\x00\x00"), packet("d", "Canary08\n") + packet("f", "Canary09\x00"),
		"<" + packet("E", "MCanary10\x00"+raised) + packet("Z", "I"),
		"<" + packet("A", "\x00\x00\x00\x01c\x00Canary11\x00"),
		packet("F", "\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x08Canary12\x00\x00"), "<" + packet("V", "\x00\x00\x00\x08Canary13") + packet("Z", "I"),
		packet("Q", "START_REPLICATION SLOT \"s\" LOGICAL 0/0 (proto_version '1', publication_names 'p')\x00"), "<" + packet("W", "\x00\x00\x00"),
		"<" + packet("d", wal+"R\x00\x00\x40\x00public\x00t\x00d\x00\x01\x01n\x00\x00\x00\x00\x19\xff\xff\xff\xff"),
		"<" + packet("d", wal+"I\x00\x00\x40\x00N\x00\x01t\x00\x00\x00\x08Canary14"),
	}
}

// broken redacts, except in one place.
type broken struct {
	*valueRedaction
	place   place
	skipped int
}

func (b *broken) Take(e *event.Event, emit func(*event.Event)) {
	before := e.Clone()
	b.valueRedaction.Take(e, func(e *event.Event) {
		for i := range e.Messages {
			if m := &e.Messages[i]; m.Type == b.place.typ {
				b.restore(m, &before.Messages[i])
			}
		}
		emit(e)
	})
}

// restore puts back a field of a message.
func (b *broken) restore(m, before *event.Message) {
	for _, f := range wire.AppendFields(nil, &before.Message) {
		if f.Name == b.place.name {
			b.skipped += copy(m.Bytes[f.Start:f.End], before.Bytes[f.Start:f.End])
			m.Redacted = nil
		}
	}
}

// redactBroken redacts a recording, except in one place, and checks the result.
func redactBroken(ctx context.Context, t *testing.T, old string, p *place) error {
	t.Helper()
	safe := filepath.Join(t.TempDir(), "safe.pcapng")
	record := &recordOptions{Record: safe}
	values := newValues("values", record)
	if err := readAll(context.Background(), []string{old}, nil, values.Learn); err != nil {
		t.Fatal(err)
	}
	stage := event.Stage(values)
	b := &broken{valueRedaction: values}
	if p != nil {
		b.place, stage = *p, b
	}
	file, err := pcapng.New(pcapng.Options{Path: safe, Redacted: true})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := capture.Open([]string{old}, capture.Options{Problem: func(err error) { t.Error(err) }, Progress: func(int64, int64) {}})
	if err != nil {
		t.Fatal(err)
	}
	events := bus.New([]bus.Outlet{{Name: "safe", Sink: file, Wants: bus.Messages}}, bus.Options{
		Failed: func(_ string, err error) { t.Error(err) },
		Stages: []bus.Stage{{Stage: newDecoder(), Name: "decoding"}, {Stage: stage, Name: "redaction"}},
	})
	reader.Read(t.Context(), events)
	events.Close(math.MaxInt64)
	if p != nil && b.skipped == 0 {
		t.Fatal("there is nothing to break")
	}
	return values.checkRecording(ctx, record)
}

// TestCheckRefuses: the check of a recording refuses one whose redaction is broken, wherever it is
// broken.
func TestCheckRefuses(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old.pcapng")
	record(t, old, everywhere()...)
	if err := redactBroken(t.Context(), t, old, nil); err != nil {
		t.Errorf("a whole redaction is refused: %v", err)
	}
	for i := range places {
		p := &places[i]
		want := strings.ReplaceAll(p.name.String(), "_", " ") + " of " + p.typ.String()
		if err := redactBroken(t.Context(), t, old, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is left as it was, and the check says: %v", want, err)
		}
	}
}

// TestCheckStopped: a check that was stopped has no verdict.
func TestCheckStopped(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old.pcapng")
	record(t, old, everywhere()...)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := redactBroken(ctx, t, old, nil); !errors.Is(err, errNotChecked) {
		t.Errorf("the check says: %v", err)
	}
}
