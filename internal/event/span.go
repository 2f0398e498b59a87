package event

// Span is a run of bytes that was redacted, End exclusive, with what sort of thing it was.
type Span struct {
	Start, End int
	Kind       SpanKind
}

// SpanKind is what sort of thing was redacted. It says nothing of its content.
type SpanKind uint8

// The kinds of what is redacted.
const (
	// UnknownSpan is what nobody has told apart: bytes of a message that is not known, and all
	// that recordings of earlier versions have.
	UnknownSpan SpanKind = iota
	// PasswordSpan is a password, a token, or what a password is a part of.
	PasswordSpan
	// VerifierSpan is something by which a password can be guessed.
	VerifierSpan
	// KeySpan is the key of cancel requests.
	KeySpan
	// ValueSpan is data of users.
	ValueSpan
)

var spanKinds = [...]string{"unknown", "password", "verifier", "key", "value"}

func (k SpanKind) String() string { return spanKinds[k] }

// CutSpans returns the parts of spans, which are in order, between two offsets, as seen from the
// first.
func CutSpans(spans []Span, start, end int) (cut []Span) {
	for _, s := range spans {
		if s.Start >= end {
			break
		}
		if s.End > start {
			cut = append(cut, Span{Start: max(s.Start, start) - start, End: min(s.End, end) - start, Kind: s.Kind})
		}
	}
	return cut
}
