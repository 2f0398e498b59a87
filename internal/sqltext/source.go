package sqltext

import (
	"bytes"
	"strconv"
	"strings"
)

// SourceOf returns the place in a program that attributes name, as in
//
//	source_location='app/models/order.rb:12'   Rails (ActiveRecord::QueryLogs)
//	line:/app/models/order.rb:12:in 'show'     marginalia
//	file='src/orders.ts:12:7'                  sqlcommenter for Drizzle: line and column
//	file='src/Orders.php',line='12'            Laravel (spatie/laravel-sql-commenter)
func SourceOf(attributes []Attribute) (file string, line int, ok bool) {
	for _, a := range attributes {
		switch a.Key {
		case "source_location", "line":
			if path, n, found := cutLine(a.Value); found {
				return path, n, true
			}
			if n, valid := lineNumber(a.Value); valid && a.Key == "line" {
				line = n
			}
		case "file":
			if path, n, found := cutLine(a.Value); found {
				return path, n, true
			}
			file = a.Value
		}
	}
	if file == "" || line == 0 {
		return "", 0, false
	}
	return file, line, true
}

// cutLine cuts path:line at the beginning of a text apart. The path may contain colons, such as that
// of C:\app.
func cutLine(text string) (path string, line int, ok bool) {
	for i := 1; i < len(text); i++ {
		if text[i] != ':' {
			continue
		}
		digits, _, _ := strings.Cut(text[i+1:], ":")
		if line, ok = lineNumber(digits); ok {
			return text[:i], line, true
		}
	}
	return "", 0, false
}

func lineNumber(text string) (line int, ok bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err == nil && n > 0
}

// TraceID returns the trace that a text belongs to: 32 hexadecimal digits of the traceparent in one
// of its comments, as sqlcommenter writes it (www.w3.org/TR/trace-context). It is empty if there is
// none.
func TraceID(sql []byte, settings Settings) string {
	if !bytes.Contains(sql, []byte(traceKey)) {
		return ""
	}
	tokens := NewScanner(beforeNUL(sql), settings)
	for t := tokens.Next(); t.Kind != End; t = tokens.Next() {
		if t.Kind != BlockComment || t.Unterminated || t.Doubt != NoDoubt {
			continue
		}
		if id := traceIn(tokens.Text(t)); id != "" {
			return id
		}
	}
	return ""
}

const traceKey = "traceparent"

// traceIn returns the trace that a comment names.
func traceIn(comment []byte) string {
	i := bytes.Index(comment, []byte(traceKey))
	if i < 0 || classes[comment[i-1]]&(letter|digit|dollar) != 0 { // there is a /* before it
		return ""
	}
	value := bytes.TrimLeft(comment[i+len(traceKey):], "=:'")
	// 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
	const id, end = len("00-"), len("00-") + 32
	if !isTraceparent(value) || bytes.Count(value[id:end], []byte{'0'}) == end-id {
		return ""
	}
	return string(value[id:end])
}

// isTraceparent reports whether a text begins with a traceparent.
func isTraceparent(text []byte) bool {
	for i, digits := range []int{2, 32, 16, 2} {
		if _, n := number(text, 16, digits); n < digits || i == 0 && string(text[:n]) != "00" {
			return false
		}
		text = text[digits:]
		if i < 3 && !bytes.HasPrefix(text, []byte{'-'}) {
			return false
		}
		text = bytes.TrimPrefix(text, []byte{'-'})
	}
	return true
}
