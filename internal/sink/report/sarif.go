package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/stats"
)

// SARIF 2.1.0, as far as it is used here (docs.oasis-open.org/sarif/sarif/v2.1.0).

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	ColumnKind  string            `json:"columnKind"`
	Results     []sarifResult     `json:"results"`
	Properties  *sarifSeen        `json:"properties"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string          `json:"id"`
	ShortDescription sarifText       `json:"shortDescription"`
	FullDescription  sarifText       `json:"fullDescription"`
	Help             sarifText       `json:"help"`
	Defaults         sarifDefaults   `json:"defaultConfiguration"`
	Properties       sarifProperties `json:"properties"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifDefaults struct {
	Enabled bool   `json:"enabled"`
	Level   string `json:"level"`
}

type sarifProperties struct {
	Tags []string `json:"tags"`
}

// sarifInvocation says what was not seen.
type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

// sarifSeen says how much was seen.
type sarifSeen struct {
	Exchanges   int64 `json:"exchanges"`
	Connections int64 `json:"connections"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Occurrences  int64              `json:"occurrenceCount"`
	Suppressions []sarifSuppression `json:"suppressions"`
	Properties   sarifConnections   `json:"properties"`
}

type sarifConnections struct {
	Connections []uint32 `json:"connections"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region struct {
		StartLine int `json:"startLine"`
	} `json:"region"`
}

type sarifLogical struct {
	Name               string `json:"name"`
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification,omitempty"`
}

// writeSARIF writes the findings as SARIF, for tools that show what was found in code. All rules are
// in it, also if they have found nothing.
func writeSARIF(w io.Writer, s *stats.Stats, o Options) error {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{Name: "pgpi", Version: o.Version, Rules: []sarifRule{}}}, Invocations: []sarifInvocation{{Successful: true}},
		ColumnKind: "unicodeCodePoints", Results: []sarifResult{}, Properties: &sarifSeen{s.Seen.Exchanges, s.Seen.Opened},
	}
	index := map[string]int{}
	for i, r := range o.Rules {
		index[r.Name] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(r))
	}
	for _, one := range whatIsMissing(s) {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotification{"warning", sarifText{Text: one}})
	}
	for _, f := range s.Findings() {
		rule, known := index[f.First.Rule]
		if !known {
			rule = -1 // as SARIF has it
		}
		run.Results = append(run.Results, o.sarifResultOf(f, rule))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	log := sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
	if err := encoder.Encode(log); err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

// whatIsMissing returns what keeps findings from being all that there are.
func whatIsMissing(s *stats.Stats) (all []string) {
	if s.Seen.Exchanges == 0 {
		all = append(all, nothingJudged(s))
	}
	for _, one := range s.Seen.NotSeen() {
		all = append(all, "not seen: "+one)
	}
	return all
}

// nothingJudged says that findings could not be looked for.
func nothingJudged(s *stats.Stats) string { return "nothing was judged: " + s.Seen.WhyNothing() }

func sarifRuleOf(r Rule) sarifRule {
	one := sarifRule{
		ID: r.Name, ShortDescription: sarifText{Text: event.Stopped(r.Title)}, FullDescription: sarifText{Text: r.Fires}, Help: sarifText{Text: r.Help},
		Defaults: sarifDefaults{r.LookedFor, r.Severity.String()}, Properties: sarifProperties{[]string{"postgresql"}},
	}
	if r.Timed {
		one.Properties.Tags = append(one.Properties.Tags, "timed")
	}
	for _, part := range [][2]string{{"Found", r.Fires}, {"Not found", r.Silent}, {"What helps", r.Help}} {
		if part[1] != "" {
			one.Help.Markdown += "**" + part[0] + "**: " + part[1] + "\n\n"
		}
	}
	one.Help.Markdown = strings.TrimSuffix(one.Help.Markdown, "\n\n")
	return one
}

func (o *Options) sarifResultOf(f *stats.Finding, rule int) sarifResult {
	first := f.First
	one := sarifResult{
		RuleID: first.Rule, RuleIndex: rule, Level: f.Severity.String(), Message: sarifText{Text: message(event.Stopped(first.Text) + " " + event.Stopped(first.Remedy))},
		Locations: []sarifLocation{o.sarifLocationOf(first)}, Fingerprints: map[string]string{"primaryLocationLineHash": first.Signature},
		Occurrences: f.Count, Suppressions: []sarifSuppression{}, Properties: sarifConnections{f.Connections},
	}
	if first.Accepted {
		one.Suppressions = append(one.Suppressions, sarifSuppression{"external", message(first.Reason)})
	}
	return one
}

// maxName is how much of the SQL of a shape names a place, in characters.
const maxName = 200

// sarifLocationOf returns where a finding is. If the comments of the statement do not say so, it is in
// what was read.
func (o *Options) sarifLocationOf(f *event.Finding) (l sarifLocation) {
	at, ok := o.sourceOf(f)
	if !ok {
		at = place{o.Place, 1}
	}
	l.Physical.Artifact.URI = uriOf(at.file)
	l.Physical.Region.StartLine = at.line
	if f.Shape != nil {
		l.Logical = []sarifLogical{{cut(message(f.Shape.Text), maxName), f.Shape.ID, "statement"}}
	}
	return l
}

// message returns words of a client or server for a message, in which nothing is a link: readers make
// one of [text](target) (section 3.11.6).
func message(words string) string { return strings.ReplaceAll(safe(words), "](", "] (") }
