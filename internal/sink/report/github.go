package report

import (
	"fmt"
	"io"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/stats"
)

// maxAnnotations is how many findings get a line. GitHub shows no more for a job, and ten of each
// severity for a step.
const maxAnnotations = 50

// WriteAnnotations writes findings as GitHub's runner reads them from the output of a step: each is a
// line that makes an annotation, at the place in the program if comments name one. Accepted findings
// make none.
func WriteAnnotations(w io.Writer, s *stats.Stats, o Options) error {
	var lines strings.Builder
	n := 0
	for _, f := range s.Findings() {
		one := f.First
		if one.Accepted || n == maxAnnotations {
			break // accepted ones come last
		}
		n++
		fmt.Fprintf(&lines, "::%s title=%s", commands[f.Severity], property("pgpi: "+one.Rule))
		if at, ok := o.sourceOf(one); ok {
			fmt.Fprintf(&lines, ",file=%s,line=%d", property(at.file), at.line)
		}
		fmt.Fprintf(&lines, "::%s\n", data(safe(event.Stopped(one.Text)+" "+event.Stopped(one.Remedy)+" "+one.Signature)))
	}
	_, err := io.WriteString(w, lines.String())
	return err
}

// commands are what GitHub calls severities.
var commands = [...]string{event.Note: "notice", event.Warning: "warning", event.Error: "error"}

// data and property escape words in the message and in a property of such a line
// (github.com/actions/toolkit, packages/core/src/command.ts).
func data(words string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(words)
}

func property(words string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(clean(words)))
}
