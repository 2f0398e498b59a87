package recording

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"pgpi/internal/event"
)

// A sentence of pgpi is a datagram in the form of syslog: its key is the message
// ID, its connection and arguments are structured data, and behind them stands the
// sentence as the log has it. Its priority is that of local use, informational.
const (
	sentenceStart = "<134>1 - - pgpi - "
	dataStart     = " [pgpi connection=\""
)

// AppendSentence appends the sentence of a fact to dst. It may be longer than a datagram can be:
// then it is cut, and each part but the last has a note that says so.
func AppendSentence(dst []byte, e *event.Event) []byte {
	var data []byte
	data = append(data, dataStart...)
	data = strconv.AppendUint(data, uint64(e.Conn), 10)
	data = append(data, '"')
	for i, arg := range event.Arguments(e.Fact) {
		data = append(data, ' ')
		data = strconv.AppendInt(data, int64(i+1), 10)
		data = append(data, '=')
		data = append(data, quote(arg.Text)...)
	}
	tail := "] " + line(e)
	dst = append(dst, sentenceStart...)
	dst = append(dst, event.Key(e.Fact)...)
	dst = append(dst, data...)
	return append(dst, tail...)
}

// line is the sentence for people, on one line.
func line(e *event.Event) string {
	tag := ""
	if e.Conn != 0 {
		tag = "#" + strconv.FormatUint(uint64(e.Conn), 10) + "  "
	}
	sentence, more, _ := strings.Cut(event.Sentence(e.Fact), "\n")
	if more != "" {
		sentence += " ..."
	}
	return strings.ToValidUTF8(tag+sentence, "?")
}

// quote is a Go string, with the bracket that ends structured data escaped.
func quote(arg string) string {
	return strings.ReplaceAll(strconv.Quote(arg), "]", `\x5d`)
}

var errSentence = errors.New("a datagram that is not a sentence of pgpi")

// ErrUnknownSentence is a sentence that this version of pgpi does not have. Whoever reads a
// recording passes it over: it is of a later version.
var ErrUnknownSentence = errors.New("a sentence that this version of pgpi does not know")

// ParseSentence reads a sentence back. Arguments that it does not know are passed over.
func ParseSentence(datagram []byte) (e event.Event, err error) {
	rest, ok := bytes.CutPrefix(datagram, []byte(sentenceStart))
	if !ok {
		return e, errSentence
	}
	key, rest, ok := bytes.Cut(rest, []byte(dataStart))
	if !ok {
		return e, errSentence
	}
	conn, rest, ok := bytes.Cut(rest, []byte{'"'})
	tag, err := strconv.ParseUint(string(conn), 10, 32)
	if err != nil || !ok {
		return e, errSentence
	}
	args, ok := parseArguments(string(rest))
	if !ok {
		return e, errSentence
	}
	fact, err := event.ParseFact(string(key), args)
	switch {
	case errors.Is(err, event.ErrUnknownFact):
		return e, ErrUnknownSentence
	case err != nil:
		return e, errSentence
	}
	return event.Event{Conn: uint32(tag), Kind: event.Said, Fact: fact}, nil
}

// parseArguments reads the arguments of a sentence, which are numbered from 1. Those that
// have other names are of later versions.
func parseArguments(text string) (args []string, ok bool) {
	for strings.HasPrefix(text, " ") {
		name, value, ok := strings.Cut(text[1:], "=")
		quoted, err := strconv.QuotedPrefix(value)
		if err != nil || !ok {
			return nil, false
		}
		arg, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, false
		}
		if name == strconv.Itoa(len(args)+1) {
			args = append(args, arg)
		}
		text = value[len(quoted):]
	}
	return args, strings.HasPrefix(text, "]")
}
