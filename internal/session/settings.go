package session

import (
	"bytes"
	"strconv"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// parameterStatus remembers the settings that values depend on. If not all of a value was seen, the
// setting is not known any more.
func (y *memory) parameterStatus(m *wire.Message) {
	key, rest, found := bytes.Cut(m.Bytes[min(len(m.Bytes), wire.HeaderSize):], []byte{0})
	value, _, whole := bytes.Cut(rest, []byte{0})
	if !whole && m.Size > int64(len(m.Bytes)) {
		value = nil
	}
	var s event.Settings
	if y.settings != nil {
		s = *y.settings
	}
	changed := false
	for _, setting := range []struct {
		name  string
		value *string
	}{
		{"client_encoding", &s.ClientEncoding},
		{"DateStyle", &s.DateStyle},
		{"IntervalStyle", &s.IntervalStyle},
		{"TimeZone", &s.TimeZone},
		{"server_version", &s.ServerVersion},
		{"standard_conforming_strings", &s.StandardStrings},
	} {
		if string(key) == setting.name || !found && strings.HasPrefix(setting.name, string(key)) {
			*setting.value, changed = string(value), true
		}
	}
	if changed {
		y.settings = &s
	}
}

// serverVersion returns the server's major version, or 0 if it is not known.
func serverVersion(s *event.Settings) int {
	if s == nil {
		return 0
	}
	digits := s.ServerVersion
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			digits = digits[:i]
			break
		}
	}
	version, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return version
}
