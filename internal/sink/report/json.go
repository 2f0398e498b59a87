package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sink/text"
	"pgpi/internal/sqltext"
	"pgpi/internal/stats"
)

// schemaVersion is raised if a key is removed or changes its meaning.
const schemaVersion = 1

// document is the report as JSON. Durations are in seconds, sizes in bytes. What was not seen is
// null.
type document struct {
	Version     int              `json:"version"`
	Seen        seen             `json:"seen"`
	MadeWith    madeWith         `json:"made_with"`
	GroupBy     string           `json:"group_by"`
	OrderBy     string           `json:"order_by"`
	Total       sums             `json:"total"`
	SQLStates   map[string]int64 `json:"sqlstates"`
	Shapes      []group          `json:"shapes,omitempty"`
	Groups      []group          `json:"groups,omitempty"`
	Misc        *sums            `json:"misc,omitempty"`
	Connections []connection     `json:"connections"`
	Compared    *compared        `json:"compared,omitempty"`
	// LookedFor are the rules that could find anything. Without any, Findings is null.
	LookedFor       []string  `json:"looked_for"`
	AcceptedOn      string    `json:"accepted_on,omitempty"`
	Findings        []finding `json:"findings"`
	FindingsLeftOut int64     `json:"findings_left_out,omitempty"`
}

// seen is what the report covers.
type seen struct {
	From         *time.Time `json:"from"`
	To           *time.Time `json:"to"`
	Exchanges    int64      `json:"exchanges"`
	LeftOut      int64      `json:"left_out"`
	Opened       int64      `json:"opened"`
	Ended        int64      `json:"ended"`
	Whole        bool       `json:"whole"`
	Joined       int64      `json:"joined"`
	Encrypted    int64      `json:"encrypted"`
	OneDirection int64      `json:"one_direction"`
	OutOfSync    int64      `json:"out_of_sync"`
	Foreign      int64      `json:"foreign"`
	Gaps         int64      `json:"gaps"`
	MissingBytes int64      `json:"missing_bytes"`
	Damaged      int64      `json:"damaged"`
	Dropped      int64      `json:"dropped_events"`
	Defects      int64      `json:"defects"`
	Unfollowed   int64      `json:"unfollowed"`
	Redacted     bool       `json:"redacted"`
}

// madeWith is how the report was made, in the words of the options.
type madeWith struct {
	Filter     *string `json:"filter"`
	Since      *string `json:"since"`
	Until      *string `json:"until"`
	Redact     *string `json:"redact"`
	ShapeRules string  `json:"shape_rules"`
}

// sums are the sums of exchanges.
type sums struct {
	Calls      int64   `json:"calls"`
	Errors     int64   `json:"errors"`
	Canceled   int64   `json:"canceled"`
	RolledBack int64   `json:"rolled_back"`
	Lost       int64   `json:"lost"`
	Skipped    int64   `json:"skipped"`
	Untimed    int64   `json:"untimed"`
	Prepares   int64   `json:"prepares"`
	Parses     int64   `json:"parses"`
	Text       int64   `json:"text"`
	Binary     int64   `json:"binary"`
	RoundTrips int64   `json:"round_trips"`
	Rows       int64   `json:"rows"`
	Bytes      bytes   `json:"bytes"`
	Seconds    seconds `json:"seconds"`
	Split      split   `json:"split"`
}

type bytes struct {
	Sent     int64 `json:"sent"`
	Received int64 `json:"received"`
}

type seconds struct {
	Total   float64 `json:"total"`
	Mean    float64 `json:"mean"`
	Stddev  float64 `json:"stddev"`
	P50     float64 `json:"p50"`
	P95     float64 `json:"p95"`
	P99     float64 `json:"p99"`
	Max     float64 `json:"max"`
	Prepare float64 `json:"prepare"`
}

type split struct {
	Client            float64  `json:"client"`
	Network           *float64 `json:"network"`
	Queue             float64  `json:"queue"`
	Server            float64  `json:"server"`
	Stalled           float64  `json:"stalled"`
	Pgpi              float64  `json:"pgpi"`
	IdleInTransaction float64  `json:"idle_in_transaction"`
}

// group is a shape, or whatever exchanges are grouped by.
type group struct {
	ID  string `json:"id,omitempty"`
	SQL string `json:"sql,omitempty"`
	Key string `json:"key,omitempty"`
	sums

	Prepared     int64            `json:"prepared"`
	SQLStates    map[string]int64 `json:"sqlstates"`
	Users        map[string]int64 `json:"users"`
	Databases    map[string]int64 `json:"databases"`
	Applications map[string]int64 `json:"applications"`
	Clients      map[string]int64 `json:"clients"`
	Attributes   map[string]int64 `json:"attributes"`
	Why          string           `json:"why,omitempty"`
	Widest       *widest          `json:"widest,omitempty"`
	Worst        *sample          `json:"worst"`
}

// widest is the column that most of the bytes received belong to. At least these do.
type widest struct {
	Column string `json:"column"`
	Bytes  int64  `json:"bytes"`
}

// sample is one call.
type sample struct {
	Connection uint32    `json:"connection"`
	At         time.Time `json:"at"`
	Seconds    float64   `json:"seconds"`
	Rows       int64     `json:"rows"`
	Outcome    string    `json:"outcome"`
	SQLState   string    `json:"sqlstate,omitempty"`
	Message    string    `json:"message,omitempty"`
	SQL        string    `json:"sql,omitempty"`
	Whole      bool      `json:"whole"`
}

// connection is a listed connection.
type connection struct {
	Number      uint32     `json:"number"`
	User        string     `json:"user,omitempty"`
	Database    string     `json:"database,omitempty"`
	Application string     `json:"application,omitempty"`
	Client      string     `json:"client,omitempty"`
	TLS         tls        `json:"tls"`
	Opened      *time.Time `json:"opened"`
	Ended       *time.Time `json:"ended"`
	Calls       int64      `json:"calls"`
	Errors      int64      `json:"errors"`
	Rows        int64      `json:"rows"`
	Bytes       bytes      `json:"bytes"`
	Seconds     float64    `json:"seconds"`
}

type tls struct {
	Client *string `json:"client"`
	Server *string `json:"server"`
}

// writeJSON writes a report as JSON, with what differs from an older one if that is wanted.
func writeJSON(w io.Writer, s *stats.Stats, o Options) error {
	d := documentOf(s, o)
	if o.Compare != nil {
		difference, err := o.Compare.difference(s, o)
		if err != nil {
			return err
		}
		d.Compared = comparedOf(o.Compare.name, difference)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// documentOf returns a report as JSON. It contains all groups that are kept, whatever the limit is.
// Groups that a text would list say why.
func documentOf(s *stats.Stats, o Options) *document {
	d := &document{
		Version: schemaVersion, Seen: seenOf(&s.Seen), GroupBy: o.Stats.By.String(), OrderBy: o.Stats.Order.String(),
		MadeWith: madeWith{textOrNull(o.Filter), textOrNull(o.Since), textOrNull(o.Until), textOrNull(o.Redact), sqltext.ShapeRules},
		Total:    sumsOf(&s.All), SQLStates: countsOf(&s.States), Connections: []connection{},
	}
	why := map[string]string{}
	list, _ := o.Limit.list(s, o)
	for _, l := range list {
		why[l.Key] = l.why
	}
	for _, g := range s.Groups() {
		one := groupOf(g, strings.ReplaceAll(why[g.Key], together, " "))
		if o.Stats.By.IsShape() {
			one.ID = g.Key
			d.Shapes = append(d.Shapes, one)
		} else {
			one.Key = clean(g.Key)
			d.Groups = append(d.Groups, one)
		}
	}
	if s.Crowded() {
		misc := sumsOf(&s.Misc.Sums)
		d.Misc = &misc
	}
	for _, c := range s.Connections() {
		d.Connections = append(d.Connections, connectionOf(c))
	}
	d.LookedFor, d.Findings = listFindings(s, o)
	d.AcceptedOn = o.Day
	d.FindingsLeftOut = s.FindingsLeftOut()
	return d
}

func seenOf(s *stats.Seen) seen {
	return seen{
		From: timeOrNull(s.First), To: timeOrNull(s.Last), Exchanges: s.Exchanges, LeftOut: s.All - s.Exchanges, Opened: s.Opened, Ended: s.Ended, Whole: s.Whole(),
		Joined: s.Joined, Encrypted: s.Encrypted, OneDirection: s.OneDirection, OutOfSync: s.OutOfSync, Foreign: s.Foreign, Gaps: s.Gaps,
		MissingBytes: s.Missing, Damaged: s.Damaged, Dropped: s.Dropped, Defects: s.Defects, Unfollowed: s.Unfollowed, Redacted: s.Redacted,
	}
}

func sumsOf(s *stats.Sums) sums {
	d := &s.Time
	var network *float64
	if s.Measured > 0 {
		n := s.Split.Network.Seconds()
		network = &n
	}
	return sums{
		Calls: s.Calls, Errors: s.Failed, Canceled: s.Canceled, RolledBack: s.RolledBack, Lost: s.Lost, Skipped: s.Skipped, Untimed: s.Untimed,
		Prepares: s.Prepares, Parses: s.Parses, Text: s.Text, Binary: s.Binary, RoundTrips: s.RoundTrips, Rows: s.Rows, Bytes: bytes{s.Sent, s.Got},
		Seconds: seconds{
			Total: d.Total.Seconds(), Mean: s.PerCall().Seconds(), Stddev: d.Deviation().Seconds(), P50: d.Percentile(50).Seconds(),
			P95: d.Percentile(95).Seconds(), P99: d.Percentile(99).Seconds(), Max: d.Max.Seconds(), Prepare: s.PrepareTime.Seconds(),
		},
		Split: split{
			Client: s.Split.Client.Seconds(), Network: network, Queue: s.Split.Queue.Seconds(), Server: s.Split.Server.Seconds(), Stalled: s.Split.Stalled.Seconds(),
			Pgpi: s.Split.Pgpi.Seconds(), IdleInTransaction: s.Split.IdleInTransaction.Seconds(),
		},
	}
}

func groupOf(g *stats.Group, why string) group {
	one := group{
		sums: sumsOf(&g.Sums), Prepared: g.Prepared, SQLStates: countsOf(&g.States), Users: countsOf(&g.Users), Databases: countsOf(&g.Databases),
		Applications: countsOf(&g.Applications), Clients: countsOf(&g.Clients), Attributes: countsOf(&g.Attributes), Why: why,
	}
	if g.Shape != nil {
		one.SQL = clean(g.Shape.Text)
	}
	if column, bytes := wide(g); bytes > 0 {
		one.Widest = &widest{clean(column), bytes}
	}
	if w := g.Worst; w != nil {
		one.Worst = sampleOf(w)
	}
	return one
}

func sampleOf(w *stats.Sample) *sample {
	x := w.Exchange
	one := &sample{
		Connection: w.Conn, At: w.At, Seconds: w.Took.Seconds(), Rows: stats.Rows(x), Outcome: x.Outcome.String(),
		SQLState: clean(x.SQLState), Message: clean(text.InUTF8(x.Message, x.Settings)),
	}
	if x.Context != nil && x.Context.SQL != "" && x.Kind != event.Prepare {
		one.SQL, one.Whole = text.Statement(x)
		one.SQL = clean(one.SQL)
	}
	return one
}

func connectionOf(c *stats.Connection) connection {
	one := connection{
		Number: c.Number, TLS: tls{textOrNull(c.ClientTLS), textOrNull(c.ServerTLS)}, Opened: timeOrNull(c.Opened), Ended: timeOrNull(c.Ended),
		Calls: c.Sums.Calls, Errors: c.Sums.Failed, Rows: c.Sums.Rows, Bytes: bytes{c.Sums.Sent, c.Sums.Got}, Seconds: c.Sums.Time.Seconds(),
	}
	if i := c.Identity; i != nil {
		one.User, one.Database, one.Application, one.Client = clean(i.User), clean(i.Database), clean(i.Application), clean(i.Address)
	}
	return one
}

// countsOf returns words with their counts. "…" is for words that are not counted by themselves.
func countsOf(c *stats.Counts) map[string]int64 {
	all := map[string]int64{}
	for _, one := range c.Sorted() {
		all[clean(one.Word)] += one.Count
	}
	if c.Other > 0 {
		all["…"] = c.Other
	}
	return all
}

// clean turns what a client wrote into valid UTF-8.
func clean(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
