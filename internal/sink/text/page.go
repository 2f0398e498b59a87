package text

import (
	"strconv"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// page is the log as it is written: the lines of events are appended to it.
type page struct {
	Options
	text []byte

	now    *event.Event   // the event whose lines are being written
	notes  []byte         // to be written at the end of the line
	stamp  bool           // the line ends with the time, if one is wanted
	reader reading.Reader // of the message
	value  reading.Value  // what the current field means, if it is a value

	tagged uint32 // the connection that prefix is for
	prefix []byte // of its lines

	repeats repeats
	scratch []byte

	// Only in queries mode.
	line      []byte
	notText   bool // something of the exchange is not text in the session's encoding
	literals  literals
	listening event.Listening // what was said last
	indent    int             // where the names of connections end
}

// quoteBytes writes bytes in double quotes.
func (p *page) quoteBytes(b []byte, s style) {
	p.text = append(p.text, '"')
	p.text = appendEscaped(p.text, b, s)
	p.text = append(p.text, '"')
}

// begin starts what is said about an event, with the tag of its connection.
func (p *page) begin() {
	p.stamp = true
	p.tag()
}

// wrap continues on another line, which belongs to the one before.
func (p *page) wrap() {
	p.end()
	p.tag()
	p.text = append(p.text, "  "...)
}

// end finishes a line, with what may only be there, so that each line begins as it always did,
// whatever is added to the log.
func (p *page) end() {
	if len(p.notes) > 0 {
		p.paint(yellow)
		p.text = append(p.text, p.notes...)
		p.unpaint()
		p.notes = p.notes[:0]
	}
	if p.stamp {
		p.timestamp()
		p.stamp = false
	}
	p.text = append(p.text, '\n')
}

// tag begins a line with the tag of the event's connection.
func (p *page) tag() {
	if p.now.Conn == 0 {
		return
	}
	if p.now.Conn != p.tagged {
		p.tagged = p.now.Conn
		text := p.text
		p.text = p.prefix[:0]
		p.paint(blue)
		p.text = append(p.text, '#')
		p.text = strconv.AppendUint(p.text, uint64(p.now.Conn), 10)
		p.unpaint()
		p.text = append(p.text, "  "...)
		p.prefix, p.text = p.text, text
	}
	p.text = append(p.text, p.prefix...)
}

// label writes from whom a message comes and to whom it goes. Its color is that of the party whose
// part it is, even if pgpi plays that part.
func (p *page) label(d event.Direction) {
	color := magenta
	if d.Sender() == wire.Client {
		color = cyan
	}
	p.paint(color)
	p.text = append(p.text, d.String()...)
	p.text = append(p.text, ':')
	p.unpaint()
	p.text = append(p.text, ' ')
}

func (p *page) timestamp() {
	switch {
	case p.Time == Relative && p.now.Conn != 0:
		p.text = append(p.text, " ["...)
		p.text = appendElapsed(p.text, p.now.Elapsed, 6)
		p.text = append(p.text, ']')
	case p.Time == ISO:
		p.text = append(p.text, " ["...)
		p.text = p.now.At.AppendFormat(p.text, "2006-01-02T15:04:05.000000Z07:00")
		p.text = append(p.text, ']')
	}
}

// appendElapsed appends a time since the beginning, rounded: "+0.61s".
func appendElapsed(dst []byte, d time.Duration, decimals int) []byte {
	dst = append(dst, '+')
	if d < 0 { // the clock was set
		dst, d = append(dst, '-'), -d
	}
	unit := time.Second
	for range decimals {
		unit /= 10
	}
	d += unit / 2
	dst = strconv.AppendInt(dst, int64(d/time.Second), 10)
	dst = append(dst, '.')
	d %= time.Second
	for range decimals {
		d *= 10
		dst = append(dst, '0'+byte(d/time.Second))
		d %= time.Second
	}
	return append(dst, 's')
}

// Colors are parameters of the terminal's control sequence "select graphic rendition" (ECMA-48).
const (
	yellow  = "\x1b[33m" // meanings
	blue    = "\x1b[34m" // tags and ^^
	red     = "\x1b[31m" // what is slow, and errors
	magenta = "\x1b[35m" // the server's part
	cyan    = "\x1b[36m" // the client's part
	reset   = "\x1b[0m"
)

func (p *page) paint(color string) {
	if p.Color {
		p.text = append(p.text, color...)
	}
}

func (p *page) unpaint() { p.paint(reset) }
