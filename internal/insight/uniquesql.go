package insight

import (
	"fmt"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// uniqueSQL finds statements that no cache recognizes, because each has another comment.
var uniqueSQL = Rule{
	Name: "unique-sql", Severity: event.Note, within: aConnection,
	Title: "Texts that differ only in comments",
	Fires: "At least 50 texts that were parsed on one connection differ from each other only in their comments. It is said when the connection ends, or after a minute.",
	Silent: "Texts that differ in constants. Comments that come again, such as the route of a request. SQL in Query messages: no cache of prepared statements has to do with it, and pg_stat_statements ignores comments. " +
		"Statements that a driver would have prepared only when they come again are in such messages, too, if they have no parameters.",
	Help: "Drivers and poolers know a prepared statement by its text. If each text has another comment, such as a traceparent, every statement is prepared anew, and those that are kept are never used again. " +
		"Leave what is different each time out of comments, or do without a statement cache.",
	watch: func(*Options) watcher { return new(variants) },
}

// variants counts the texts that a connection has parsed, apart from their comments.
type variants struct {
	texts tally[variant]
	kept  int // comments of all texts
}

// variant is a text without its comments.
type variant struct {
	began      time.Duration
	shape      *sqltext.Shape
	attributes []sqltext.Attribute
	// comments are hashes of all comments of a text, nil if they have been the same so far, which
	// first is.
	comments map[uint64]struct{}
	first    uint64
	traced   int // how many of them have a traceparent
	evidence []event.Evidence
}

// maxComments is how many comments of a connection are remembered.
const maxComments = 4000

func (v *variants) begin(*scope) {
	v.texts.reset()
	v.kept = 0
}

func (v *variants) take(s *scope, x *exchange) {
	c := x.Context
	if !x.Parsed || !x.worked() || x.Shape == nil || c == nil || c.Shortened > 0 || !strings.Contains(c.SQL, "/*") && !strings.Contains(c.SQL, "--") {
		return
	}
	sql, settings := []byte(c.SQL), c.Settings.SQL()
	before := v.texts.size
	one := v.texts.add(s.stage.operands.hashWithout(sql, settings))
	comments := s.stage.operands.hashOf(sql, settings)
	of := &one.value
	if one.times == 1 {
		*of = variant{began: s.stage.clock.Now, shape: x.Shape, attributes: x.Attributes, first: comments}
	}
	if one.times == 1 || v.add(of, comments) {
		of.note(x, sql, settings)
	}
	if s.stage.clock.Now >= of.began+sayAfter && of.say(s) {
		v.kept -= len(of.comments)
		one.times, *of = 0, variant{}
	}
	v.texts.resize(one, sizeOfVariant+sizeOfTexts(of.shape, of.attributes)+sizeOfEvidence*len(of.evidence)+inMap*len(of.comments))
	s.grow(v.texts.size - before)
}

// add remembers comments, if there is room, and reports whether they are new.
func (v *variants) add(of *variant, comments uint64) bool {
	if of.comments == nil {
		if comments == of.first {
			return false
		}
		of.comments = map[uint64]struct{}{of.first: {}}
		v.kept++
	}
	if _, known := of.comments[comments]; known || v.isFull() {
		return false
	}
	of.comments[comments] = struct{}{}
	v.kept++
	return true
}

// isFull reports whether there is no room for another comment. It counts again what is kept, because
// some of it was forgotten with its text.
func (v *variants) isFull() bool {
	if v.kept < maxComments {
		return false
	}
	v.kept = 0
	for i := range v.texts.all {
		v.kept += len(v.texts.all[i].value.comments)
	}
	return v.kept >= maxComments
}

// note notes what is known about another text.
func (of *variant) note(x *exchange, sql []byte, settings sqltext.Settings) {
	if sqltext.TraceID(sql, settings) != "" {
		of.traced++
	}
	if len(of.evidence) < maxEvidence {
		of.evidence = append(of.evidence, x.evidence())
	}
}

// hashWithout returns a hash of a text without its comments.
func (o *operands) hashWithout(sql []byte, settings sqltext.Settings) uint64 {
	o.tokens.SetSeed(hashSeed)
	sqltext.HashTokens(&o.tokens, sql, settings)
	return o.tokens.Sum64()
}

// hashOf returns a hash of the comments in a text.
func (o *operands) hashOf(sql []byte, settings sqltext.Settings) uint64 {
	o.tokens.SetSeed(hashSeed)
	tokens := sqltext.NewScanner(sql, settings)
	for t := tokens.Next(); t.Kind != sqltext.End; t = tokens.Next() {
		if t.Kind.IsComment() {
			_, _ = o.tokens.Write(tokens.Text(t)) // never fails
		}
	}
	return o.tokens.Sum64()
}

func (v *variants) end(s *scope) {
	for i := range v.texts.all {
		v.texts.all[i].value.say(s)
	}
}

// say finds texts that differ in enough comments, and reports whether they do.
func (of *variant) say(s *scope) bool {
	const least = 50
	if len(of.comments) < least {
		return false
	}
	remedy := "Leave what is different each time out of comments."
	if of.traced == len(of.comments) {
		remedy = "Leave traceparent out of comments: each of these texts has one."
	}
	s.find(finding{
		shape: of.shape, attributes: of.attributes,
		text:   fmt.Sprintf("%s texts of %s that were parsed on one connection differ only in their comments", event.Number(len(of.comments)), quoted(of.shape)),
		remedy: remedy, evidence: of.evidence, count: int64(len(of.comments)),
	})
	return true
}
