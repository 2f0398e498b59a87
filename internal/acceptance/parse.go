package acceptance

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"

	"pgpi/internal/insight"
)

// table is what begins an acceptance.
const table = "accepted"

// keys are what an acceptance has.
const keys = "signature, rule, shape, reason and until"

// Parse reads the file with a name, which errors mention.
func Parse(name string, text []byte) (*List, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("read %s: it is not text in UTF-8", name)
	}
	r := &reader{name: name, text: text, list: &List{by: map[string]*Acceptance{}}}
	r.toml.Reset(text)
	for r.toml.NextExpression() {
		if err := r.expression(r.toml.Expression()); err != nil {
			return nil, err
		}
	}
	if err := r.toml.Error(); err != nil {
		return nil, r.syntax(err)
	}
	return r.list, r.finish()
}

// reader reads a file. Its grammar is that of the library. What it means is found here, because the
// library's own decoder does not say where a value is.
type reader struct {
	name string
	text []byte
	toml unstable.Parser
	list *List

	current *Acceptance // nil before the first
	given   map[string]bool
}

// wrong returns an error about a line.
func (r *reader) wrong(line int, format string, args ...any) error {
	return fmt.Errorf("read %s, line %d: %w", r.name, line, fmt.Errorf(format, args...))
}

// syntax returns what the library says is wrong.
func (r *reader) syntax(err error) error {
	if found, ok := errors.AsType[*unstable.ParserError](err); ok && len(found.Highlight) > 0 {
		line := r.toml.Shape(r.toml.Range(found.Highlight)).Start.Line
		return r.wrong(line, "it is not TOML: %s", found.Message)
	}
	return fmt.Errorf("read %s: it is not TOML: %w", r.name, err)
}

// expression reads the beginning of an acceptance, or a key with its value.
func (r *reader) expression(e *unstable.Node) error {
	var path []string
	line := 0
	for it := e.Key(); it.Next(); {
		path = append(path, string(it.Node().Data))
		if line == 0 {
			line = r.toml.Shape(it.Node().Raw).Start.Line
		}
	}
	key := strings.Join(path, ".")
	switch {
	case e.Kind == unstable.ArrayTable && key == table:
		if err := r.finish(); err != nil {
			return err
		}
		r.current, r.given = &Acceptance{Line: line}, map[string]bool{}
		return nil
	case e.Kind == unstable.KeyValue && r.current != nil:
		return r.value(line, key, e.Value())
	}
	return r.wrong(line, "%q is unknown: begin each acceptance with [[%s]]", key, table)
}

// value sets what an acceptance says under a key.
func (r *reader) value(line int, key string, value *unstable.Node) (err error) {
	if r.given[key] {
		return r.wrong(line, "%q is there twice: leave one", key)
	}
	r.given[key] = true
	a := r.current
	words := map[string]*string{"signature": &a.Signature, "rule": &a.Rule, "shape": &a.Shape, "reason": &a.Reason}[key]
	switch {
	case words != nil:
		*words, err = r.words(line, key, value)
	case key == "until":
		a.Until, err = r.day(line, value)
	default:
		err = r.wrong(line, "%q is unknown: an acceptance has %s", key, keys)
	}
	return err
}

// words reads text. It may become part of a log, so it has no control characters.
func (r *reader) words(line int, key string, value *unstable.Node) (string, error) {
	if value.Kind != unstable.String {
		return "", r.wrong(line, "%s is not text: put it in quotes", key)
	}
	text := string(value.Data)
	if key == "reason" && strings.ContainsFunc(text, isControl) {
		return "", r.wrong(line, "reason has more than one line, or a control character: give one line")
	}
	return strings.TrimSpace(text), nil
}

// isControl reports whether a character moves a terminal's cursor or hides what is beside it.
func isControl(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) }

func (r *reader) day(line int, value *unstable.Node) (Day, error) {
	text := string(value.Data)
	if _, err := time.Parse(layout, text); err != nil || value.Kind != unstable.LocalDate {
		return "", r.wrong(line, "until is not a day: give one without quotes, as in until = 2026-12-31")
	}
	return Day(text), nil
}

// finish adds the current acceptance to the list.
func (r *reader) finish() error {
	a := r.current
	if a == nil {
		return nil
	}
	rule := RuleOf(a.Signature)
	before := r.list.by[a.Signature]
	switch {
	case a.Signature == "":
		return r.wrong(a.Line, "the acceptance has no signature: copy it from the log or the report")
	case rule == "":
		return r.wrong(a.Line, "%q is not a signature: copy it from the log or the report, as in signature = \"n+1:3f2a9c01d4e5b677\"", a.Signature)
	case insight.Named(rule) == nil:
		return r.wrong(a.Line, "%q is not a rule of this pgpi: there are %s", rule, strings.Join(insight.Names(), ", "))
	case a.Rule != "" && a.Rule != rule:
		return r.wrong(a.Line, "rule is %q, and the signature is one of rule %s: correct it, or leave it out", a.Rule, rule)
	case before != nil:
		return r.wrong(a.Line, "%s is accepted in line %d already: leave one", a.Signature, before.Line)
	}
	r.list.by[a.Signature] = a
	r.list.All = append(r.list.All, a)
	return nil
}
