package redaction

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// construct is a way in which data gets into messages.
type construct struct {
	name string
	kind kind
	// steps are what a client does. In their texts, § is a placeholder for the construct's canary,
	// a word, and № for one that is a number of nine digits. † and ‡ are expressions with which the
	// server makes them, so that they are only in its replies.
	steps []step
	// needles are further texts to look for: dates, addresses.
	needles []string
	// byDesign is the sentence of docs/redaction.md that says why the canary stays. If it is empty,
	// the canary must be gone.
	byDesign string
	// script plays the server, for what real servers don't say.
	script []line
}

// kind is which option hides a canary.
type kind byte

const (
	// secret is hidden by --redact-passwords, and by --redact values.
	secret kind = iota
	// value is hidden only by --redact values.
	value
)

// hidden reports whether an option should hide a construct's canary.
func (c *construct) hidden(option string) bool {
	return option == values || option == passwords && c.kind == secret
}

// The options of pgpi.
const (
	nothing   = ""
	passwords = "--redact-passwords"
	values    = "--redact=values"
)

// of makes a construct that an option of its kind hides.
func of(k kind, name string, steps ...step) construct {
	return construct{name: name, kind: k, steps: steps}
}

// and adds texts to look for.
func (c construct) and(needles ...string) construct {
	c.needles = append(c.needles, needles...)
	return c
}

// stays notes why the canary stays.
func (c construct) stays(sentence string) construct {
	c.byDesign = sentence
	return c
}

// word returns a construct's canary: ten letters that are nowhere else.
func (c *construct) word() string {
	sum := sha256.Sum256([]byte(c.name))
	var b strings.Builder
	for _, x := range sum[:10] {
		b.WriteByte('a' + x%26)
	}
	return b.String()
}

// number returns its canary for where that is a number, which fits into an int4.
func (c *construct) number() string {
	sum := sha256.Sum256([]byte(c.name))
	n := uint64(sum[10])<<24 | uint64(sum[11])<<16 | uint64(sum[12])<<8 | uint64(sum[13])
	return fmt.Sprint(700_000_000 + n%99_999_999)
}

// fill puts the canaries into a text.
func (c *construct) fill(text string) string {
	reversed := []byte(c.word())
	slices.Reverse(reversed)
	return strings.NewReplacer(
		"§", c.word(), "№", c.number(),
		"†", "reverse('"+string(reversed)+"')", "‡", "(1"+c.number()+" - 1000000000)",
	).Replace(text)
}

// constructs are all constructs for real servers.
func constructs() []construct {
	var all []construct
	for _, table := range [][]construct{secretStatements, secretEchoes, secretFields, valuesOfSQL, valuesOfRows, errorsOfValues, raisedErrors, unseenErrors, kept} {
		all = append(all, table...)
	}
	return all
}
