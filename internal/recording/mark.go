package recording

import "strings"

// Mark is what a recording says of one packet beside its [Note]: facts that recordings did not
// have from the beginning. It is a comment of its own, which readers that do not know it pass
// over. A reader that knows it passes over what it does not know of it. The zero value says
// nothing, and most packets have no mark.
type Mark struct {
	// End says that the packet ends its direction, and Broken that the stream was lost there.
	End, Broken bool
	// Opaque is that of the event.
	Opaque bool
}

// markPrefix is how a mark can be told from a note and from the comment of a user.
const markPrefix = "pgpi+ "

// The words of a mark, separated as those of a note.
const (
	markEnd    = "end"
	markBroken = "broken"
	markOpaque = "opaque"
)

// Append appends the mark as a comment to dst, or nothing where it says nothing.
func (m Mark) Append(dst []byte) []byte {
	var items []string
	if m.End {
		items = append(items, markEnd)
	}
	if m.Broken {
		items = append(items, markBroken)
	}
	if m.Opaque {
		items = append(items, markOpaque)
	}
	if len(items) == 0 {
		return dst
	}
	return append(append(dst, markPrefix...), strings.Join(items, "; ")...)
}

// ParseMark reads a comment. It is false for other comments.
func ParseMark(comment string) (m Mark, ok bool) {
	items, ok := strings.CutPrefix(comment, markPrefix)
	if !ok {
		return Mark{}, false
	}
	for item := range strings.SplitSeq(items, "; ") {
		switch item {
		case markEnd:
			m.End = true
		case markBroken:
			m.Broken = true
		case markOpaque:
			m.Opaque = true
		}
	}
	return m, true
}
