package recording

import (
	"strconv"
	"strings"

	"pgpi/internal/event"
)

// What redaction has overwritten in a packet is noted as in 12+8p,3+5: eight bytes after the first
// twelve, which belong to a password, and five bytes after three more, of the same kind.

// kindLetters has a letter for each kind of span.
const kindLetters = "upvkd"

// maxSpans is the maximum length of the text for spans: a comment has room for 65,535 bytes.
const maxSpans = 60_000

// EncodeSpans returns the text for spans, which must be in order and must not overlap. If there are
// too many for a comment, it joins some that are close to each other.
func EncodeSpans(spans []event.Span) string {
	for nearest := 1; ; nearest *= 2 {
		text := encodeSpans(spans)
		if len(text) <= maxSpans {
			return text
		}
		spans = joinSpans(spans, nearest)
	}
}

func encodeSpans(spans []event.Span) string {
	var b []byte
	end, kind := 0, event.UnknownSpan
	for _, s := range spans {
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(s.Start-end), 10)
		b = append(b, '+')
		b = strconv.AppendInt(b, int64(s.End-s.Start), 10)
		if s.Kind != kind {
			kind = s.Kind
			b = append(b, kindLetters[kind])
		}
		end = s.End
	}
	return string(b)
}

// joinSpans joins spans with at most nearest bytes between them.
func joinSpans(spans []event.Span, nearest int) (joined []event.Span) {
	for _, s := range spans {
		if n := len(joined); n > 0 && s.Start-joined[n-1].End <= nearest {
			joined[n-1].End = s.End
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// DecodeSpans reads the text for the spans of size bytes. It ignores everything from the first part
// that can't be a span.
func DecodeSpans(text string, size int) (spans []event.Span) {
	end, kind := 0, event.UnknownSpan
	for item := range strings.SplitSeq(text, ",") {
		gap, length, _ := strings.Cut(item, "+")
		if at := strings.IndexAny(length, kindLetters); at >= 0 && at == len(length)-1 {
			kind, length = event.SpanKind(strings.IndexByte(kindLetters, length[at])), length[:at]
		}
		before, err := strconv.Atoi(gap)
		n, alsoErr := strconv.Atoi(length)
		if err != nil || alsoErr != nil || before < 0 || n < 1 || before > size-end || n > size-end-before {
			break
		}
		start := end + before
		end = start + n
		spans = append(spans, event.Span{Start: start, End: end, Kind: kind})
	}
	return spans
}
