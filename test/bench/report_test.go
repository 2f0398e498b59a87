package bench

import (
	"io"
	"testing"

	"pgpi/internal/bus"
	"pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/exchange"
	"pgpi/internal/insight"
	"pgpi/internal/sink/report"
	"pgpi/internal/sink/text"
)

// BenchmarkReport is one transaction of pgbench -S: as a line of queries, with a report besides,
// which needs the shape of its SQL and adds it up, and with all rules looking at it.
func BenchmarkReport(b *testing.B) {
	for _, kind := range []struct {
		name            string
		prepare         []byte
		client          [][]byte
		server          []byte
		prepareResponse []byte
	}{
		{name: "simple", client: queries[:], server: join(describe, row, complete, ready)},
		{
			name: "prepared", prepare: join(parse, sync), prepareResponse: join(message('1', ""), ready),
			client: [][]byte{join(bind, ask, run, sync)}, server: join(bound, describe, row, complete, ready),
		},
	} {
		for i, mode := range []string{"queries", "report", "findings"} {
			reports, findings := i > 0, i > 1
			b.Run(kind.name+"/"+mode, func(b *testing.B) {
				outlets := []bus.Outlet{{Name: "queries", Wants: bus.Exchanges, Sink: text.New(io.Discard, text.Options{Mode: text.Queries})}}
				if reports {
					outlets = append(outlets, bus.Outlet{Name: "the report", Wants: bus.Shapes, Sink: report.New(report.Options{})})
				}
				sums := exchange.New()
				sums.Shapes = reports
				decoding := decode.New(nil)
				decoding.CountRows = true
				stages := []bus.Stage{{Stage: decoding, Name: "decoding"}, {Stage: sums, Name: "adding up exchanges"}}
				if findings {
					stages = append(stages, bus.Stage{Stage: insight.New(insight.Options{}), Name: "looking for findings"})
				}
				out := bus.New(outlets, bus.Options{Stages: stages})
				c := newConnection(out, 1)
				c.pass(event.ClientToServer, message(0, "\x00\x03\x00\x00user\x00u\x00\x00")[1:])
				c.pass(event.ServerToClient, join(message('R', "\x00\x00\x00\x00"), ready))
				c.pass(event.ClientToServer, kind.prepare)
				c.pass(event.ServerToClient, kind.prepareResponse)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					c.pass(event.ClientToServer, kind.client[i%len(kind.client)])
					c.pass(event.ServerToClient, kind.server)
				}
				out.Close(flushLimit)
			})
		}
	}
}
