package bench

import (
	"io"
	"testing"

	"pgpi/internal/bus"
	"pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/pseudonym"
	"pgpi/internal/redact"
	"pgpi/internal/sink/text"
)

// BenchmarkRedact is one transaction of pgbench -S, simple and prepared, as BenchmarkObserve has
// it, with each redaction.
func BenchmarkRedact(b *testing.B) {
	for name, redaction := range map[string]func() event.Stage{
		"nothing":   func() event.Stage { return nil },
		"passwords": func() event.Stage { return new(redact.Passwords) },
		"values":    func() event.Stage { return pseudonym.New() },
	} {
		b.Run(name+"/simple", func(b *testing.B) {
			redactTransactions(b, redaction(), nil, queries[:], join(describe, row, complete, ready))
		})
		b.Run(name+"/prepared", func(b *testing.B) {
			redactTransactions(b, redaction(), join(parse, sync), [][]byte{join(bind, ask, run, sync)}, join(bound, describe, row, complete, ready))
		})
	}
}

func redactTransactions(b *testing.B, redaction event.Stage, prepare []byte, client [][]byte, server []byte) {
	stages := []bus.Stage{{Stage: decode.New(nil), Name: "decoding"}}
	if redaction != nil {
		stages = append(stages, bus.Stage{Stage: redaction, Name: "redaction", Withholds: true})
	}
	sink := text.New(io.Discard, text.Options{MaxValue: 1024})
	out := bus.New([]bus.Outlet{{Name: "nowhere", Sink: sink, Wants: bus.Messages}}, bus.Options{Stages: stages})
	c := newConnection(out, 1)
	c.logIn()
	if prepare != nil {
		c.pass(event.ClientToServer, prepare)
		c.pass(event.ServerToClient, join(message('1', ""), ready))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.pass(event.ClientToServer, client[i%len(client)])
		c.pass(event.ServerToClient, server)
	}
	out.Close(flushLimit)
}
