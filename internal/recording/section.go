package recording

import (
	"fmt"
	"strings"
)

// Application is the program that the section header of a recording names as its writer.
const Application = "pgpi"

// Section is what a recording says about itself, in the comment of its section header.
type Section struct {
	// ID is the same in all files of a recording, and in no other recording.
	ID string
	// File counts the files of a recording, from 1.
	File int
	// Redacted is set if secrets were blanked before anything was recorded.
	Redacted bool
	// Noted is set if each packet notes what was blanked in it.
	Noted bool
}

// The words of a section's comment.
const (
	sectionFormat = "pgpi recording %s file %d"
	redacted      = " with secrets redacted"
	noted         = " and noted"
	explanation   = ": what was relayed, decrypted. Ports and addresses are as Wireshark needs them; read it with pgpi read."
)

func (s Section) String() string {
	text := fmt.Sprintf(sectionFormat, s.ID, s.File)
	if s.Redacted {
		text += redacted
	}
	if s.Noted {
		text += noted
	}
	return text + explanation
}

// ParseSection reads the comment of a section header. ok is false if it is not that of a recording.
// It skips what a later version may have added.
func ParseSection(comment string) (s Section, ok bool) {
	words, _, ok := strings.Cut(comment, ":")
	if !ok {
		return Section{}, false
	}
	s.Redacted, s.Noted = strings.Contains(words, redacted), strings.Contains(words, redacted+noted)
	n, err := fmt.Sscanf(words, sectionFormat, &s.ID, &s.File)
	return s, err == nil && n == 2
}
