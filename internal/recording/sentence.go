package recording

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"pgpi/internal/event"
)

// A sentence of pgpi is a datagram in the form of syslog. Its key is the message ID, and its
// connection and arguments are structured data. After them comes the sentence as the log has it.
// Its priority is local use, informational.
const (
	sentenceStart = "<134>1 - - pgpi - "
	dataStart     = " [pgpi connection=\""
)

// AppendSentence appends the sentence of a fact to dst. If it is too long for a datagram, the
// caller cuts it, and each part but the last has a note that says so.
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

// line returns the sentence for people, on one line.
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

// quote returns arg as a Go string, with the bracket that ends structured data escaped.
func quote(arg string) string {
	return strings.ReplaceAll(strconv.Quote(arg), "]", `\x5d`)
}

var errSentence = errors.New("a datagram that is not a sentence of pgpi")

// ErrUnknownSentence is returned for a sentence that this version of pgpi does not have. Readers
// skip it: it is from a later version.
var ErrUnknownSentence = errors.New("a sentence that this version of pgpi does not know")

// ParseSentence reads a sentence back. It skips unknown arguments.
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
	kind := event.Said
	if event.OriginOf(fact) == event.Unsaid {
		kind = event.Measured
	}
	return event.Event{Conn: uint32(tag), Kind: kind, Fact: fact}, nil
}

// parseArguments reads the arguments of a sentence, which are numbered from 1. Arguments with other
// names are from later versions.
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
