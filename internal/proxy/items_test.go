package proxy_test

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"pgpi/internal/wire"
)

// Items are what transcripts send. Each is a Go string in double quotes, which is sent as it is; a
// word; or a word with its argument in quotes, as in Q"SELECT 1\x00", which is a message with a
// type byte and a length around its body.
var itemPattern = regexp.MustCompile(`(\w*)("(?:[^"\\]|\\.)*")|\w+`)

// plainItems are the items without an argument.
var plainItems = map[string]string{
	"SSLRequest":    packet(wire.SSLRequestCode, ""),
	"GSSENCRequest": packet(wire.GSSENCRequestCode, ""),
	"startup":       startup("3.0 user=frank"),
	"ok":            message('R', "\x00\x00\x00\x00"),
	"key":           message('K', "\x00\x00\x00\x07abcd"),
	"ready":         message('Z', "I"),
	"login":         message('R', "\x00\x00\x00\x00") + message('K', "\x00\x00\x00\x07abcd") + message('Z', "I"),
	"askPassword":   message('R', "\x00\x00\x00\x03"),
	"askMD5":        message('R', "\x00\x00\x00\x05salt"),
	"terminate":     message('X', ""),
}

// parseItems returns the bytes of a line's items.
func parseItems(line string) (string, error) {
	var b strings.Builder
	rest := line
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		at := itemPattern.FindStringSubmatchIndex(rest)
		if at == nil || at[0] != 0 {
			return "", fmt.Errorf("%q is not an item", rest)
		}
		bytes, err := parseItem(itemPattern.FindStringSubmatch(rest))
		if err != nil {
			return "", err
		}
		b.WriteString(bytes)
		rest = rest[at[1]:]
	}
	return b.String(), nil
}

func parseItem(match []string) (string, error) {
	word, quoted := match[1], match[2]
	if quoted == "" {
		bytes, ok := plainItems[match[0]]
		if !ok {
			return "", fmt.Errorf("%q is not an item", match[0])
		}
		return bytes, nil
	}
	arg, err := strconv.Unquote(quoted)
	if err != nil {
		return "", fmt.Errorf("%s: %w", quoted, err)
	}
	switch word {
	case "":
		return arg, nil
	case "startup":
		return startup(arg), nil
	case "cancel":
		return packet(wire.CancelRequestCode, arg), nil
	case "query":
		return message('Q', arg+"\x00"), nil
	case "password":
		return message('p', arg+"\x00"), nil
	case "offer":
		return message('R', "\x00\x00\x00\x0a"+strings.ReplaceAll(arg, " ", "\x00")+"\x00\x00"), nil
	case "chooses": // a SASLInitialResponse: mechanism and data
		mechanism, data, _ := strings.Cut(arg, " ")
		length := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		return message('p', mechanism+"\x00"+string(length)+data), nil
	case "error": // SQLSTATE and text
		code, text, _ := strings.Cut(arg, " ")
		return string(wire.AppendError(nil, "FATAL", code, text)), nil
	case "notice":
		return message('N', "SNOTICE\x00M"+arg+"\x00\x00"), nil
	case "big": // type and size of the body
		var code byte
		var size int
		_, err := fmt.Sscanf(arg, "%c %d", &code, &size)
		return message(code, strings.Repeat("x", size)), err
	}
	if len(word) == 1 {
		return message(word[0], arg), nil
	}
	return "", fmt.Errorf("%q is not an item", word)
}

// startup makes a StartupMessage of "3.0 key=value key=value".
func startup(arg string) string {
	words := strings.Fields(arg)
	var major, minor uint32
	if _, err := fmt.Sscanf(words[0], "%d.%d", &major, &minor); err != nil {
		panic(err)
	}
	var parameters strings.Builder
	for _, word := range words[1:] {
		parameters.WriteString(strings.Replace(word, "=", "\x00", 1) + "\x00")
	}
	return packet(major<<16|minor, parameters.String()+"\x00")
}

// message puts a header before a body.
func message(code byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))) + body
}

// packet is a packet without a type byte.
func packet(code uint32, rest string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(rest)+8))
	return string(binary.BigEndian.AppendUint32(b, code)) + rest
}
