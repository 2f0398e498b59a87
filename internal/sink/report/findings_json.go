package report

import (
	"time"

	"pgpi/internal/stats"
)

// finding is everything that was found with one signature.
type finding struct {
	Rule      string `json:"rule"`
	Severity  string `json:"severity"`
	Timed     bool   `json:"timed"`
	Signature string `json:"signature"`
	Shape     string `json:"shape,omitempty"`
	Count     int64  `json:"count"`
	// Connections are the first, and MoreConnections is how many there are besides.
	Connections     []uint32 `json:"connections"`
	MoreConnections int      `json:"more_connections,omitempty"`
	Text            string   `json:"text"`
	Remedy          string   `json:"remedy"`
	// Seconds and Amount are the largest of what the rule measures or counts, if it does.
	Seconds    float64    `json:"seconds,omitempty"`
	Amount     int64      `json:"amount,omitempty"`
	Attributes attributes `json:"attributes"`
	At         time.Time  `json:"at"`
	Evidence   []evidence `json:"evidence"`
	Accepted   bool       `json:"accepted,omitempty"`
	Reason     string     `json:"reason,omitempty"`
}

type attributes map[string]string

// evidence is an exchange that shows a finding.
type evidence struct {
	Connection uint32    `json:"connection"`
	Exchange   uint32    `json:"exchange"`
	At         time.Time `json:"at"`
}

// listFindings returns the rules that could find anything, and all findings.
func listFindings(s *stats.Stats, o Options) (lookedFor []string, all []finding) {
	lookedFor = []string{}
	for _, r := range o.Rules {
		if r.LookedFor {
			lookedFor = append(lookedFor, r.Name)
			all = []finding{}
		}
	}
	for _, f := range s.Findings() {
		all = append(all, findingOf(f))
	}
	return lookedFor, all
}

func findingOf(f *stats.Finding) finding {
	first := f.First
	one := finding{
		Rule: first.Rule, Severity: f.Severity.String(), Timed: first.Timed, Signature: first.Signature, Count: f.Count, Connections: f.Connections,
		MoreConnections: f.Others, Text: clean(first.Text), Remedy: clean(first.Remedy), Seconds: f.Took.Seconds(), Amount: f.Most, Attributes: attributes{},
		At: f.At, Evidence: []evidence{}, Accepted: first.Accepted, Reason: clean(first.Reason),
	}
	if first.Shape != nil {
		one.Shape = first.Shape.ID
	}
	for _, a := range first.Attributes {
		one.Attributes[clean(a.Key)] = clean(a.Value)
	}
	for _, e := range first.Evidence {
		one.Evidence = append(one.Evidence, evidence{e.Conn, e.Exchange, e.At})
	}
	return one
}
