package recording

import (
	"strconv"
	"strings"

	"pgpi/internal/event"
)

// What redaction has overwritten in a packet is noted as in 12+8p,3+5: eight bytes behind the first
// twelve, which are of a password, and five behind three more, of the same kind.

// kindLetters has a letter for each kind of span.
const kindLetters = "upvkd"

// maxSpans is how long the text for spans may be: a comment has room for 65,535 bytes.
const maxSpans = 60_000

// EncodeSpans returns the text for spans that are in order and don't overlap. Where they are too
// many for a comment, some that are near each other become one.
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

// joinSpans makes one of spans with no more than so many bytes between them.
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

// DecodeSpans reads the text for the spans of so many bytes. What can't be one is passed over, with
// all that follows it.
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
