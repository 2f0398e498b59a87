package recording

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"pgpi/internal/event"
)

// A sentence of pgpi is a datagram in the form of syslog: its status is the message
// ID, its connection and arguments are structured data, and behind them stands the
// sentence as the log has it. Its priority is that of local use, informational.
const (
	sentenceStart = "<134>1 - - pgpi - "
	dataStart     = " [pgpi connection=\""
)

// AppendSentence appends a sentence to dst. It may be longer than a datagram can be:
// then it is cut, and each part but the last has a note that says so.
func AppendSentence(dst []byte, e *event.Event) []byte {
	var data []byte
	data = append(data, dataStart...)
	data = strconv.AppendUint(data, uint64(e.Conn), 10)
	data = append(data, '"')
	for i, arg := range e.Args {
		data = append(data, ' ')
		data = strconv.AppendInt(data, int64(i+1), 10)
		data = append(data, '=')
		data = append(data, quote(arg)...)
	}
	tail := "] " + line(e)
	dst = append(dst, sentenceStart...)
	dst = append(dst, e.Status.Key()...)
	dst = append(dst, data...)
	return append(dst, tail...)
}

// line is the sentence for people, on one line.
func line(e *event.Event) string {
	tag := ""
	if e.Conn != 0 {
		tag = "#" + strconv.FormatUint(uint64(e.Conn), 10) + "  "
	}
	sentence, more, _ := strings.Cut(e.Status.Format(e.Args), "\n")
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

// ErrUnknownSentence is the error of a sentence that only later versions of pgpi say.
var ErrUnknownSentence = errors.New("a sentence of a later version of pgpi")

// ParseSentence reads a sentence back. Arguments that it does not know are passed over.
func ParseSentence(datagram []byte) (event.Event, error) {
	rest, ok := bytes.CutPrefix(datagram, []byte(sentenceStart))
	if !ok {
		return event.Event{}, errSentence
	}
	key, rest, ok := bytes.Cut(rest, []byte(dataStart))
	if !ok {
		return event.Event{}, errSentence
	}
	conn, rest, ok := bytes.Cut(rest, []byte{'"'})
	tag, err := strconv.ParseUint(string(conn), 10, 32)
	if err != nil || !ok {
		return event.Event{}, errSentence
	}
	args, err := parseArguments(string(rest))
	if err != nil {
		return event.Event{}, err
	}
	status, ok := statuses[string(key)]
	if !ok {
		return event.Event{}, ErrUnknownSentence
	}
	if known := strings.Count(status.Template(), "{"); len(args) > known {
		args = args[:known]
	}
	return event.Event{Kind: event.Said, Status: status, Conn: uint32(tag), Args: args}, nil
}

// parseArguments reads the arguments of a sentence, which are numbered from 1. Those that
// have other names are of later versions.
func parseArguments(text string) (args []string, err error) {
	for strings.HasPrefix(text, " ") {
		name, value, ok := strings.Cut(text[1:], "=")
		quoted, err := strconv.QuotedPrefix(value)
		if err != nil || !ok {
			return nil, errSentence
		}
		arg, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, errSentence
		}
		if name == strconv.Itoa(len(args)+1) {
			args = append(args, arg)
		}
		text = value[len(quoted):]
	}
	if !strings.HasPrefix(text, "]") {
		return nil, errSentence
	}
	return args, nil
}

// statuses finds a status by its key.
var statuses = byKey()

func byKey() map[string]event.Status {
	all := map[string]event.Status{}
	for _, s := range event.Statuses() {
		all[s.Key()] = s
	}
	return all
}
