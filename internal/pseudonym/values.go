package pseudonym

import (
	"crypto/rand"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/reading"
	"pgpi/internal/redact"
	"pgpi/internal/servertext"
	"pgpi/internal/sqltext"
)

// Values replaces users' data in events with pseudonyms: literals in SQL, parameters, rows in all
// their forms, what errors quote, payloads of notifications. It also hides everything that
// [redact.Passwords] hides. It serves one goroutine at a time.
//
// A pseudonym has the length of what it replaces, is of its kind, and parses as its type. Equal
// words have equal pseudonyms for as long as a Values lives, and no longer. NULL stays NULL. Names
// and key words stay too, but what Apply has changed contains no value of four bytes or more that
// was seen before: if a name contains one, that part of the name is replaced as well. Values that
// come later can be seen first, with [Values.Learn].
type Values struct {
	passwords redact.Passwords
	seen      *seen
	words     words
	flip      byte // how booleans are changed, 0 or 1
	blanked   int64

	pieces   pieces
	reading  sqltext.Settings // of the SQL in the current message
	settings *event.Settings  // from which reading was made
	contexts map[*event.Context]safeContext
	literals []literal
	parts    []servertext.Part
	scratch  []byte
	before   []byte // the current piece, as it was
	number   [64]byte
}

// New returns a redaction with a key of its own.
func New() *Values {
	m := newSeen()
	v := &Values{seen: m, words: newWords(m), passwords: redact.Passwords{Strict: true}}
	var random [1]byte
	_, _ = rand.Read(random[:]) // it never fails
	v.flip = random[0] & 1
	return v
}

// Learn remembers the values in an event, and does not change the event.
func (v *Values) Learn(e *event.Event) {
	for i := range e.Messages {
		m := &e.Messages[i]
		v.read(m.Settings)
		for _, p := range v.pieces.of(m) {
			v.learn(m, p)
		}
	}
}

// Take replaces the values in an event: Values is an [event.Stage].
func (v *Values) Take(e *event.Event, emit func(*event.Event)) {
	v.Apply(e)
	emit(e)
}

// Apply replaces the values in an event, in place. The event has its own bytes, not those that are
// relayed.
func (v *Values) Apply(e *event.Event) {
	v.Learn(e)
	switch e.Kind {
	case event.Fragment:
		v.blankFragment(e)
	case event.Undecoded, event.Bytes, event.End:
		redact.Overwrite(e.Data)
		e.Opaque, e.Redacted = e.Opaque || e.Kind == event.Undecoded, e.Redacted || len(e.Data) > 0
	case event.Said:
		v.replaceSentence(e)
	}
	for i := range e.Messages {
		v.message(e.Conn, &e.Messages[i], e.Kind == event.Fragment)
	}
	v.passwords.Identity(e)
}

// replaceSentence replaces the data in the words of a peer.
func (v *Values) replaceSentence(e *event.Event) {
	event.ReplaceWritten(e.Fact, func(w event.Written, text string) string {
		if !w.Name {
			v.learnLiterals([]byte(text), sqltext.Settings{})
		}
		return text
	})
	v.passwords.Sentence(e, func(w event.Written, text []byte) {
		if w.Name {
			v.clean(text)
		} else {
			v.replaceStatement(text, sqltext.Settings{})
		}
	})
	if _, ended := e.Fact.(event.Ended); ended {
		v.passwords.Forget(e.Conn)
	}
}

// message replaces the values in a message. One that was too large to hold is blanked, because its
// bytes were.
func (v *Values) message(conn uint32, m *event.Message, large bool) {
	context, about := m.Context, m.About
	v.read(m.Settings)
	v.passwords.Message(conn, m)
	for _, p := range v.pieces.of(m) {
		if reading.Hidden(m, p.start, p.end) == p.end-p.start {
			continue // it is a secret
		}
		if large || p.kind == opaquePiece {
			v.blank(m, p.start, p.end)
			continue
		}
		v.replacePiece(m, p)
	}
	m.Context = v.context(conn, context)
	if m.About = m.Context; about != context {
		m.About = v.context(conn, about)
	}
}

// replacePiece replaces a piece, and tries another pseudonym if the first contains values.
func (v *Values) replacePiece(m *event.Message, p piece) {
	b := m.Bytes[p.start:p.end]
	isValue := p.kind == textPiece || p.kind == copyPiece || p.kind == binaryPiece || p.kind == unknownPiece
	if !isValue {
		v.replace(m, p, 0)
		v.cleanPiece(m, p)
		return
	}
	v.before = append(v.before[:0], b...)
	const tries = 4
	for salt := range byte(tries) {
		copy(b, v.before)
		v.replace(m, p, salt*maxSalts)
		rows := &m.State.Copy
		isMark := p.kind == copyPiece && (string(b) == rows.Null || rows.HasDefault && string(b) == rows.Default)
		if !isMark && !v.containsValue(b, p) {
			return
		}
	}
	v.cleanPiece(m, p)
}

// replace replaces a piece of a message with pseudonyms.
func (v *Values) replace(m *event.Message, p piece, salt byte) {
	b := m.Bytes[p.start:p.end]
	switch p.kind {
	case textPiece, copyPiece:
		v.replaceTyped(b, pgvalue.TypeName(p.oid), salt)
	case binaryPiece:
		v.replaceBinary(b, p.oid, salt)
	case unknownPiece:
		v.guess(b, salt)
	case sqlPiece:
		v.replaceSQL(b)
	case errorPiece:
		v.replaceError(b)
	case optionsPiece:
		v.replaceOptions(b)
	}
}

// replaceTyped replaces a value in text.
func (v *Values) replaceTyped(b []byte, name string, salt byte) {
	switch s := syntaxOf(name); {
	case name == "bool" && len(b) == 1:
		if v.flip == 1 {
			b[0] ^= 't' ^ 'f'
		}
	case strings.Contains(name, "range"):
		v.replaceRange(withoutBounds(b), salt)
	case strings.HasSuffix(name, "[]"):
		v.replaceArray(withoutBounds(b), s, salt)
	default:
		v.replaceText(b, s, salt)
	}
}
