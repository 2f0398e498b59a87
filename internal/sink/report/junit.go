package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/stats"
)

// The form of JUnit's reports that all readers know: suites, cases, and at most one failure in each.

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr,omitempty"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitFailure `xml:"failure"`
	Skipped *junitSkipped `xml:"skipped"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// writeJUnit writes each rule as a test. It fails if the rule has found more than notes that is not
// accepted. The rest is its output. What was not looked for is skipped.
func writeJUnit(w io.Writer, s *stats.Stats, o Options) error {
	byRule := map[string][]*stats.Finding{}
	for _, f := range s.Findings() {
		byRule[f.First.Rule] = append(byRule[f.First.Rule], f)
	}
	suite := junitSuite{Name: "pgpi", Properties: junitProperties(s)}
	if first := s.Seen.First; !first.IsZero() {
		suite.Timestamp = first.UTC().Format("2006-01-02T15:04:05")
		suite.Time = strconv.FormatFloat(s.Seen.Last.Sub(first).Seconds(), 'f', 3, 64)
	}
	for _, r := range o.Rules {
		one := junitCase{Class: "pgpi.findings", Name: r.Name + ": " + r.Title}
		found := byRule[r.Name]
		switch {
		case !r.LookedFor:
			one.Skipped = &junitSkipped{"not looked for"}
		case s.Seen.Exchanges == 0 && len(found) == 0:
			one.Skipped = &junitSkipped{nothingJudged(s)}
		default:
			one.Failure, one.Output = judge(found)
		}
		suite.add(one)
	}
	all := junitSuites{Tests: suite.Tests, Failures: suite.Failures, Skipped: suite.Skipped, Suites: []junitSuite{suite}}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	}
	if err != nil {
		return fmt.Errorf("write JUnit's XML: %w", err)
	}
	return nil
}

// junitProperties says how much was seen.
func junitProperties(s *stats.Stats) []junitProperty {
	all := []junitProperty{
		{"exchanges", strconv.FormatInt(s.Seen.Exchanges, 10)}, {"connections", strconv.FormatInt(s.Seen.Opened, 10)},
	}
	for _, one := range s.Seen.NotSeen() {
		all = append(all, junitProperty{"not seen", one})
	}
	return all
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// judge returns the failure of a rule, or nil, and what else it has found.
func judge(found []*stats.Finding) (failure *junitFailure, output string) {
	var fails, rest []string
	severity, message := event.Note, ""
	for _, f := range found {
		one := f.First
		words := fmt.Sprintf("%s, %s, %s: %s %s", one.Signature, f.Severity, event.Count(f.Count, "time"), event.Stopped(one.Text), event.Stopped(one.Remedy))
		switch {
		case one.Accepted:
			rest = append(rest, safe(words+" Accepted: "+cmp.Or(one.Reason, "no reason is given")))
		case f.Severity == event.Note:
			rest = append(rest, safe(words))
		default:
			if len(fails) == 0 {
				severity, message = f.Severity, safe(one.Text)
			}
			fails = append(fails, safe(words))
		}
	}
	if len(fails) > 1 {
		message = event.Count(len(fails), "finding") + ", such as: " + message
	}
	if len(fails) > 0 {
		failure = &junitFailure{message, severity.String(), strings.Join(fails, "\n")}
	}
	return failure, strings.Join(rest, "\n")
}
