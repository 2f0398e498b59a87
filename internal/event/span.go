package event

// Span is a run of bytes that was redacted, and the sort of its content. End is exclusive.
type Span struct {
	Start, End int
	Kind       SpanKind
}

// SpanKind is the sort of what was redacted. It reveals nothing of the content.
type SpanKind uint8

// The kinds of spans.
const (
	// UnknownSpan is what could not be classified: bytes of an unknown message, and every span in
	// recordings of earlier versions.
	UnknownSpan SpanKind = iota
	// PasswordSpan is a password, a token, or something that contains a password.
	PasswordSpan
	// VerifierSpan allows guessing a password.
	VerifierSpan
	// KeySpan is the key of cancel requests.
	KeySpan
	// ValueSpan is data of users.
	ValueSpan
)

var spanKinds = [...]string{"unknown", "password", "verifier", "key", "value"}

func (k SpanKind) String() string { return spanKinds[k] }

// CutSpans returns the parts of spans between two offsets, relative to start. The spans must be in
// order.
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
