package pseudonym

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// settingKind returns what happens to the value of a parameter, in a StartupMessage or when a
// server reports it. Values of the server's settings stay, and values of the user's own settings
// are data. The command line in "options" has several values.
func (p *pieces) settingKind(m *event.Message, i int) pieceKind {
	var name []byte
	if i > 0 && p.reader.Fields[i-1].Name == wire.Key {
		name = m.Content(&p.reader.Fields[i-1])
	}
	switch {
	case m.Type == wire.StartupMessage && string(name) == "options":
		return optionsPiece
	case isOwn(name):
		return textPiece
	}
	return keptPiece
}

// isOwn reports whether the name of a setting is one of the user's own, which have a dot
// (documentation section "Customized Options").
func isOwn(name []byte) bool { return bytes.IndexByte(name, '.') >= 0 }

// eachOption calls f with the values in a command line for the server, as in -c name=value or
// --name=value. Words are separated by spaces; a space after a backslash does not separate
// (pg_split_opts in utils/init/postinit.c).
func eachOption(line []byte, f func(value []byte, own bool)) {
	for at := 0; at < len(line); {
		end := at
		for end < len(line) && !isSpace(line[end]) {
			if line[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(line))
		word := line[at:end]
		if name, value, found := bytes.Cut(word, []byte("=")); found {
			f(value, isOwn(name))
		} else if len(word) > 0 && word[0] != '-' {
			f(word, false)
		}
		at = end + 1
	}
}

func (v *Values) replaceOptions(line []byte) {
	eachOption(line, func(value []byte, _ bool) { v.replaceText(value, plainText, 0) })
}

// learnOptions remembers the values of the user's own settings. Those of the server's settings are
// replaced, but not looked for elsewhere: public and off are nobody's data.
func (v *Values) learnOptions(line []byte) {
	eachOption(line, func(value []byte, own bool) {
		if own {
			v.learnText(value)
		}
	})
}
