package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/sink/text"
	"pgpi/internal/sqltext"
	"pgpi/internal/stats"
)

// sample writes the longest call, whole. A SELECT is written so that it can be run. Everything else
// is a comment, so that nobody changes anything by pasting a report.
func (p *page) sample(g *stats.Group) {
	w := g.Worst
	if g.TooLarge {
		p.item("worst", "it has too much SQL to keep: the next one is shown")
	}
	if w == nil {
		return
	}
	x := w.Exchange
	words := fmt.Sprintf("#%d at %s, %s, %s", w.Conn, w.At.Format("2006-01-02 15:04:05.000"), duration(w.Took), event.Count(stats.Rows(x), "row"))
	if x.SQLState != "" {
		words += ", failed: " + x.SQLState + " " + text.InUTF8(x.Message, x.Settings)
	} else if x.Outcome != event.Done {
		words += ", " + x.Outcome.String()
	}
	p.item("worst", words)
	if x.Context == nil || x.Context.SQL == "" {
		return
	}
	sql, whole := text.Statement(x)
	comment := "-- "
	if whole && isSelect(sql) {
		comment = ""
	}
	p.sql(comment, strings.TrimRight(sql, "; ")+";")
}

// maxLines is how many lines of SQL are written as a comment. Bulk inserts have more.
const maxLines = 20

// sql writes SQL that is on one line, broken into lines.
func (p *page) sql(prefix, sql string) {
	lines := wrap(sql, width-len(prefix))
	for i, line := range lines {
		if prefix != "" && i == maxLines-1 && len(lines) > maxLines {
			p.line("… and %s more, which the JSON report has", event.Count(len(lines)-i, "line"))
			return
		}
		fmt.Fprintln(&p.Builder, prefix+line)
	}
}

// isSelect reports whether SQL on one line is a single SELECT that can be run as it is. It writes
// nothing except what functions in it write, and psql does not read any part of it as a command of
// its own.
func isSelect(sql string) bool {
	tokens := sqltext.NewScanner([]byte(sql), sqltext.Settings{Strings: sqltext.StandardStrings, Encoding: sqltext.ASCIISafe})
	first, ended := true, false
	for t := tokens.NextSignificant(); t.Kind != sqltext.End; t = tokens.NextSignificant() {
		switch {
		case ended, t.Unterminated, t.Kind == sqltext.Other, t.Kind == sqltext.Parameter, first && !tokens.Is(t, "select"), tokens.Is(t, "into"), tokens.Is(t, ":"):
			return false
		}
		first = false
		ended = tokens.Is(t, ";")
	}
	return !first
}

// wrap breaks SQL into lines, between tokens. It never puts two constants in a row on different
// lines: the server would read them as one.
func wrap(sql string, width int) (lines []string) {
	var line strings.Builder
	column := 0
	for _, piece := range pieces(sql) {
		length := utf8.RuneCountInString(piece)
		if column > 0 && column+length > width {
			lines = append(lines, strings.TrimRight(line.String(), " "))
			line.Reset()
			column = 0
		}
		line.WriteString(piece)
		column += length
	}
	return append(lines, line.String())
}

// pieces cuts SQL where a line may end: after a space, a comma or an opening bracket.
func pieces(sql string) (all []string) {
	tokens := sqltext.NewScanner([]byte(sql), sqltext.Settings{Strings: sqltext.StandardStrings, Encoding: sqltext.ASCIISafe})
	piece, ends := "", false
	last := sqltext.Token{}
	for t := tokens.Next(); t.Kind != sqltext.End; t = tokens.Next() {
		word := string(tokens.Text(t))
		if t.Kind == sqltext.Space {
			piece, ends = piece+" ", true
			continue
		}
		if ends && (!last.Kind.IsString() || !t.Kind.IsString()) {
			all = append(all, piece)
			piece = ""
		}
		piece += word
		ends, last = word == "," || word == "(", t
	}
	return append(all, piece)
}
