package insight

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// finding is what a watcher has found.
type finding struct {
	// shape is the statement that it is about, or nil. detail distinguishes findings about the same
	// one, such as a SQLSTATE. attributes are those of its comments.
	shape      *sqltext.Shape
	detail     string
	attributes []sqltext.Attribute
	// note is set if it matters less than the rule says.
	note bool
	// text is what was seen, and remedy what would help. Each is a sentence. Only the remedy has its
	// full stop.
	text, remedy string
	// timeless is the text without durations, if it has any and the rule is not a timed one.
	timeless string
	// evidence is in the order of time. It is empty only if the event that is being taken shows the
	// rest.
	evidence []event.Evidence
	// connections are all on which it was seen, if the evidence does not show all.
	connections []uint32
	// took and count are as in event.Finding.
	took  time.Duration
	count int64
	// goesOn is set if more is known now of what was found before.
	goesOn bool
}

// Limits of what a finding lists.
const (
	maxEvidence    = 10
	maxConnections = 10
	maxSignatures  = 10_000
)

// find emits a finding of the current rule.
func (sc *scope) find(f finding) {
	s, r := sc.stage, sc.current
	all := slices.Clone(f.connections)
	for _, one := range f.evidence {
		all = append(all, one.Conn)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	severity := r.Severity
	if f.note {
		severity = event.Note
	}
	found := &event.Finding{
		Rule: r.Name, Severity: severity, Timed: r.Timed, Signature: signature(r.Name, &f), Shape: f.shape, Attributes: f.attributes, Text: f.text,
		Timeless: f.timeless, Remedy: f.remedy, Connections: all[:min(len(all), maxConnections)], More: max(0, len(all)-maxConnections),
		Evidence: slices.Clone(f.evidence[:min(len(f.evidence), maxEvidence)]), Took: f.took, Count: f.count, GoesOn: f.goesOn,
	}
	found.Again = s.signatures[found.Signature] || len(s.signatures) >= maxSignatures
	if s.options.Accepted != nil {
		found.Reason, found.Accepted = s.options.Accepted(found.Signature)
	}
	if !found.Again {
		s.signatures[found.Signature] = true
	}
	first := event.Evidence{Conn: all[0], At: s.at}
	if first.Conn == s.conn {
		first.Elapsed = s.elapsed
	}
	if len(f.evidence) > 0 {
		first = f.evidence[0]
	}
	e := &event.Event{
		Seq: s.seq, At: s.at, Conn: first.Conn, Elapsed: s.at.Sub(first.At) + first.Elapsed, Identity: first.Identity, Kind: event.Found, Finding: found,
	}
	if e.Identity == nil && sc.client != nil {
		e.Identity = sc.client.identity
	}
	s.found = append(s.found, e)
}

// lasting are the keys of comments that stay the same from run to run.
var lasting = []string{"controller", "action", "route", "job", "test"}

// signature returns what identifies a finding.
func signature(rule string, f *finding) string {
	about := rule + "\x00"
	if f.shape != nil {
		about += f.shape.ID
	}
	about += "\x00" + f.detail
	var words []string
	for _, a := range f.attributes {
		if slices.Contains(lasting, a.Key) {
			words = append(words, a.Key+"="+a.Value)
		}
	}
	slices.Sort(words)
	sum := sha256.Sum256([]byte(about + "\x00" + strings.Join(words, "\x00")))
	return rule + ":" + hex.EncodeToString(sum[:8])
}

// quoted returns the beginning of a shape in quotes, for a sentence.
func quoted(shape *sqltext.Shape) string {
	const most = 120
	if shape == nil {
		return "a statement whose SQL was not seen"
	}
	text := []rune(shape.Text)
	if len(text) > most {
		return `"` + string(text[:most]) + ` …"`
	}
	return `"` + shape.Text + `"`
}

// clipped returns the beginning of a text that a server wrote.
func clipped(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + " …"
}
