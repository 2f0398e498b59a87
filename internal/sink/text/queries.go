package text

import (
	"strconv"
	"time"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/sqltext"
)

// In queries mode an exchange is a line: who, when, how long, how many rows, and what. So is a
// connection that has logged in or could not. Anything else that pgpi says is shown only if
// something is wrong.

// queries writes the line of an event, if it is one.
func (p *page) queries(e *event.Event) {
	switch e.Kind {
	case event.Exchanged:
		if p.showsExchange(e.Exchange) {
			p.exchange(e.Exchange)
		}
	case event.Pending:
		if p.Time != NoTime {
			p.exchange(e.Exchange)
		}
	case event.Said:
		p.connectionFact(e)
	case event.Traffic:
		p.login(e)
	}
}

// noticeable is how long a request that runs nothing must take to be shown.
const noticeable = time.Millisecond

// showsExchange reports whether an exchange gets a line: it runs something, failed, or took long.
func (p *page) showsExchange(x *event.Exchange) bool {
	if x.Kind != event.Prepare && x.Kind != event.SyncAlone || x.Outcome != event.Done {
		return true
	}
	return p.Time != NoTime && x.Times.Duration() >= noticeable
}

// exchange writes the line of an exchange, and below it the rest of what an error says.
func (p *page) exchange(x *event.Exchange) {
	p.beginLine()
	p.notText = false
	p.duration(x)
	p.rows(x)
	p.text = append(p.text, ' ', transactionMark(x.Transaction))
	start := len(p.text)
	p.statement(x)
	end := len(p.text)
	said, message := oneLine(p.inUTF8(x.Message, x)), ""
	detail, hint := p.inUTF8(x.Detail, x), p.inUTF8(x.Hint, x)
	p.remark(x, said)
	if said != "" && !p.fits() {
		message = said
		p.text = p.text[:end]
		p.remark(x, "")
	}
	p.makeRoom(start, end)
	p.endLine()
	if x.SQLState == "" || x.Outcome == event.Unfinished {
		return
	}
	for _, more := range [][2]string{{"error", message}, {"detail", detail}, {"hint", hint}} {
		if more[1] != "" {
			p.continueLine(more[0], more[1])
		}
	}
	if place := p.placeIn(x); place != "" {
		p.continueLine("at", place)
	}
	switch {
	case x.Undone == 1:
		p.continueLine("rolled back too", "the statement before it that was over")
	case x.Undone > 1:
		p.continueLine("rolled back too", "the last "+strconv.Itoa(x.Undone)+" statements before it that were over")
	}
}

// duration writes how long an exchange took. It is marked if that was slow, or if the exchange was
// requested while the server was busy with another.
func (p *page) duration(x *event.Exchange) {
	if p.Time == NoTime {
		return
	}
	d := x.Times.Duration()
	mark := byte(' ')
	switch {
	case p.Slow > 0 && d >= p.Slow:
		mark = '*'
	case d != event.NotSeen && x.Times.Queued():
		mark = '+'
	}
	p.paint(colorOf(d))
	p.text = append(p.text, mark)
	p.text = appendPadded(p.text, event.Rounded(d), 7)
	p.unpaint()
}

// rows writes how many rows there were, or how the exchange ended instead.
func (p *page) rows(x *event.Exchange) {
	words, color := "", ""
	rows := x.Rows
	if rows == 0 {
		rows = x.Counted
	}
	switch {
	case x.Outcome == event.Unfinished && p.now.Kind == event.Pending:
		words, color = "waiting", yellow
	case x.Outcome == event.Unfinished:
		words, color = "not over", yellow
	case x.Outcome == event.Unknown:
		words, color = x.Outcome.String(), yellow
	case x.SQLState != "":
		words, color = x.SQLState, red
	case x.Outcome == event.Skipped || x.Outcome == event.Lost:
		words, color = x.Outcome.String(), red
	case x.Outcome == event.Unanswered:
		words, color = "no reply", red
	case rows == 1:
		words = "1 row"
	case rows >= 0:
		words = strconv.FormatInt(rows, 10) + " rows"
	}
	p.text = append(p.text, ' ')
	p.paint(color)
	p.text = appendPadded(p.text, words, 9)
	if color != "" {
		p.unpaint()
	}
}

// transactionMark shows what is in a transaction, or in a failed one.
func transactionMark(status byte) byte {
	switch status {
	case 'T':
		return '|'
	case 'E':
		return '!'
	}
	return ' '
}

// statement writes what was asked. A mark shows that the line is not what was sent: "$" if
// parameters are in their places, "~" if only spaces, comments and line ends differ.
func (p *page) statement(x *event.Exchange) {
	mark := len(p.text)
	p.text = append(p.text, ' ', ' ')
	switch {
	case x.Kind == event.FunctionCall:
		p.text = append(p.text, "function call"...)
		p.functionName(x)
	case x.Kind == event.SyncAlone:
		p.text = append(p.text, "sync"...)
	case x.Context == nil || x.Context.SQL == "" && x.Context.Shortened > 0:
		p.text = append(p.text, "(SQL not seen)"...)
	default:
		if sent := p.sql(x); sent != ' ' {
			p.text[mark] = sent
		}
	}
	if x.Portal != "" {
		p.text = append(p.text, " /* portal "...)
		p.text = AppendSafe(p.text, p.inUTF8(x.Portal, x))
		p.text = append(p.text, " */"...)
	}
}

// functionName writes the name of the called function, or its OID if it has none.
func (p *page) functionName(x *event.Exchange) {
	if x.Context == nil || x.Context.Function == 0 {
		return
	}
	p.text = append(p.text, ' ')
	p.reader.Message = &event.Message{Settings: x.Settings}
	if name := p.reader.Function(x.Context.Function).Name; name != "" {
		p.text = append(p.text, name...)
		return
	}
	p.text = strconv.AppendUint(p.text, uint64(x.Context.Function), 10)
}

// sql writes SQL on one line, with parameters in their places, and returns the mark for it.
func (p *page) sql(x *event.Exchange) byte {
	if x.Kind == event.Prepare {
		p.text = append(p.text, "prepare: "...)
	}
	settings := x.Settings.SQL()
	if settings.Encoding != sqltext.UnknownEncoding {
		settings.Encoding = sqltext.EncodingOf("UTF8") // as here
	}
	p.literals.read(x.Bind)
	replaced := false
	parameter := func(dst []byte, number int, cast string) ([]byte, bool) {
		dst, ok := p.literals.appendTo(dst, number, p.MaxValue, cast)
		replaced = replaced || ok
		return dst, ok
	}
	whole := p.reader.InUTF8(x.Context.SQL, x.Settings)
	if x.Context.Shortened == 0 { // else the last character may be cut
		whole = p.inUTF8(x.Context.SQL, x)
	}
	p.scratch = append(p.scratch[:0], whole...)
	line, asSent := sqltext.AppendLine(p.line[:0], p.scratch, settings, parameter)
	p.line = line
	p.notText = p.notText || p.literals.notText
	p.text = AppendSafe(p.text, string(line))
	if x.Context.Shortened > 0 {
		p.text = append(p.text, " …"...)
	}
	switch {
	case replaced:
		return '$'
	case !asSent:
		return '~'
	}
	return ' '
}

// Statement returns the SQL of an exchange on one line, with its parameters in their places, and
// reports whether it is complete.
func Statement(x *event.Exchange) (sql string, whole bool) {
	p := page{Options: Options{Time: NoTime}}
	p.sql(x)
	return string(p.text), x.Context.Shortened == 0 && !x.Context.Redacted
}

// InUTF8 returns a text of a session in the encoding of the log.
func InUTF8(text string, s *event.Settings) string { return new(reading.Reader).InUTF8(text, s) }

// inUTF8 returns a text of an exchange in the encoding of the log. The values of parameters already
// are in it.
func (p *page) inUTF8(text string, x *event.Exchange) string {
	shown := p.reader.InUTF8(text, x.Settings)
	p.notText = p.notText || isNotText(&p.reader, shown, x.Settings)
	return shown
}

// isNotText reports whether what [reading.Reader.InUTF8] has returned was not text in the session's encoding.
func isNotText(r *reading.Reader, shown string, s *event.Settings) bool {
	if s == nil || utf8.ValidString(shown) {
		return false
	}
	r.Message = &event.Message{Settings: s}
	return r.KnowsText()
}

// placeIn returns the SQL at the position in an error.
func (p *page) placeIn(x *event.Exchange) string {
	const most = 60
	if x.Position < 1 || x.Context == nil || x.Context.Redacted {
		return ""
	}
	rest := p.inUTF8(x.Context.SQL, x)
	for n := 1; n < x.Position && rest != ""; n++ {
		_, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
	}
	line, _ := sqltext.AppendLine(nil, []byte(rest[:min(len(rest), 4*most)]), sqltext.Settings{}, nil)
	for i := range string(line) {
		if i >= most {
			return string(line[:i]) + " …"
		}
	}
	return string(line)
}
