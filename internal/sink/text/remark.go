package text

import (
	"strconv"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// remark writes the message of an error, and anything else about how an exchange ended. It is a
// comment in SQL: a line can be pasted as it is.
func (p *page) remark(x *event.Exchange, message string) {
	separator := " -- "
	say := func(words string) {
		p.text = append(p.text, separator...)
		p.text = AppendSafe(p.text, words)
		separator = "; "
	}
	if message != "" {
		say(message)
	}
	switch x.Outcome {
	case event.RolledBack, event.Suspended, event.Canceled:
		say(x.Outcome.String())
	}
	switch {
	case x.NeverAnswered && x.Outcome == event.Unfinished:
		say("never answered so far")
	case x.NeverAnswered && x.Outcome == event.Lost && p.Time != NoTime:
		say("never answered in " + event.Rounded(p.now.Elapsed-max(x.Times.Sent, x.Times.Turn)))
	case x.NeverAnswered:
		say("never answered")
	case x.Outcome == event.Unfinished:
		say(p.notOver(x))
	case x.Outcome == event.Unknown:
		say("how it ended is not known")
	}
	for _, s := range x.Statements {
		say(s.Tag)
	}
	if words := p.delay(x); words != "" {
		say(words)
	}
	if p.notText {
		say("not text in " + x.Settings.ClientEncoding)
	}
	if x.Tag == "ROLLBACK" && len(x.Statements) == 0 && isCommit(x.Context) {
		say(x.Tag)
	}
}

// notOver returns how far an exchange that is not over has come.
func (p *page) notOver(x *event.Exchange) string {
	words := "not over"
	if p.now.Kind == event.Exchanged {
		words += " when the capture ends,"
	}
	if x.Rows > 0 {
		return words + " after " + strconv.FormatInt(x.Rows, 10) + " rows"
	}
	return strings.TrimSuffix(words, ",")
}

// delay returns what took at least half of a duration, and at least a millisecond, unless that was
// the server.
func (p *page) delay(x *event.Exchange) string {
	if p.Time == NoTime || x.Outcome == event.Unfinished {
		return ""
	}
	shares, seen := x.Times.Shares()
	if !seen {
		return ""
	}
	for _, one := range []struct {
		took  time.Duration
		words string
	}{
		{shares.ToServer, " of it are the way to the server"},
		{shares.Held, " of it pgpi waited for its own logs"},
		{shares.Reading, " of it the client did not read"},
		{shares.Sending, " of it until all was asked"},
	} {
		if whole := x.Times.Duration(); one.took >= noticeable && 2*one.took >= whole && one.took <= whole {
			return event.Rounded(one.took) + one.words
		}
	}
	return ""
}

// isCommit reports whether a statement requests a commit, which becomes a rollback in a failed
// transaction.
func isCommit(c *event.Context) bool {
	if c == nil {
		return false
	}
	sql := []byte(c.SQL[:min(len(c.SQL), 1000)])
	tokens := sqltext.NewScanner(sql, sqltext.Settings{})
	switch t := tokens.NextSignificant(); strings.ToLower(string(tokens.Text(t))) {
	case "commit", "end", "prepare":
		return true
	}
	return false
}
