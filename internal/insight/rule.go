package insight

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgpi/internal/event"
)

// Rule is one thing that is looked for.
type Rule struct {
	// Name is what users call it, such as "n+1".
	Name string
	// Severity is how much its findings matter, unless a finding says otherwise.
	Severity event.Severity
	// Timed is set if its findings depend on how fast the machine was.
	Timed bool
	// Bounded is set if a user can name a bound for it, and Unit is what the bound counts: "" for a
	// duration.
	Bounded bool
	Unit    string
	// Least is the least bound that makes sense: the rule finds nothing below.
	Least int64
	// Title is what it finds, in a few words. Fires says exactly when, Silent when it is not meant
	// although it looks like it, and Help what can be done: sentences for docs/findings.md.
	Title, Fires, Silent, Help string

	// within is what it looks at as a whole.
	within within
	// watch returns a watcher of one scope.
	watch func(o *Options) watcher
	// besides is nil, or looks for another part of the rule in scopes of another sort.
	besides *Rule
}

// within is the sort of a scope.
type within uint8

const (
	aConnection within = iota
	aTransaction
	aUnit
	aBurst
	aClient
	sorts // how many there are
)

// watcher is a rule at work on one scope. It serves one scope after another.
type watcher interface {
	// begin forgets everything: a new scope begins.
	begin(s *scope)
	// take takes an exchange of the scope that is over. The exchange is valid only until take
	// returns, except its event.Exchange.
	take(s *scope, x *exchange)
	// end is called when the scope is over. A unit that turned out not to be one has no end.
	end(s *scope)
}

// each is a watcher that looks at each exchange by itself.
type each func(s *scope, x *exchange)

func (each) begin(*scope) {}

func (f each) take(s *scope, x *exchange) { f(s, x) }

func (each) end(*scope) {}

// listener is a watcher of a connection that looks at the messages of the client too.
type listener interface {
	// listen takes a message, before its exchange is over.
	listen(s *scope, m *event.Message)
}

// accountant is a watcher of a burst that counts transactions, with and without BEGIN.
type accountant interface {
	// transacted is called when the transaction of a connection is over.
	transacted(s *scope, c *connection)
}

// counter is a watcher of a client that counts connections.
type counter interface {
	// closed is called when a connection has ended.
	closed(s *scope, c *connection)
}

// alarm is a watcher of a transaction that has a deadline of its own.
type alarm interface {
	// due returns the deadline, by the clock of the stage, or never.
	due(s *scope) time.Duration
	// ring is called when it has passed.
	ring(s *scope)
}

// Selection is which rules are looked for, by name. It is nil for all.
type Selection map[string]bool

// ParseSelection reads a list such as "all,no-reparse" or "n+1,slow". "none" is no rule.
func ParseSelection(text string) (Selection, error) {
	words := strings.Split(text, ",")
	chosen := Selection{}
	for i, word := range words {
		word = strings.TrimSpace(word)
		name, without := strings.CutPrefix(word, "no-")
		if i == 0 && (word == "all" || without) {
			for _, r := range Rules {
				chosen[r.Name] = true
			}
		}
		switch {
		case word == "all", word == "none" && len(words) == 1:
		case word == "none":
			return nil, fmt.Errorf("none and other rules: give none alone")
		case Named(name) == nil:
			return nil, fmt.Errorf("%q is not a rule: give all, none, or names such as %s", name, strings.Join(Names(), ", "))
		default:
			chosen[name] = !without
		}
	}
	return chosen, nil
}

// Has reports whether a rule is looked for.
func (s Selection) Has(rule string) bool { return s == nil || s[rule] }

// IsEmpty reports whether nothing is looked for.
func (s Selection) IsEmpty() bool {
	return !slices.ContainsFunc(Rules, func(r *Rule) bool { return s.Has(r.Name) })
}

// LooksFor reports whether a rule can find anything.
func (o *Options) LooksFor(r *Rule) bool { return o.Rules.Has(r.Name) && (r != &slow || o.Slow > 0) }

// Named returns the rule with a name, or nil.
func Named(name string) *Rule {
	for _, r := range Rules {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// Names returns the names of all rules.
func Names() []string {
	names := make([]string, 0, len(Rules))
	for _, r := range Rules {
		names = append(names, r.Name)
	}
	return names
}
