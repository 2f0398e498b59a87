package pgvalue

import (
	"strconv"
	"strings"
	"sync"
)

// Parameters are the settings that determine how values are read, as reported in the server's
// ParameterStatus messages. The zero value of each means that it was not reported; then a value is
// assumed.
type Parameters struct {
	TimeZone       string // assumed: UTC
	DateStyle      string // assumed: ISO, MDY
	IntervalStyle  string // assumed: postgres
	ClientEncoding string // assumed: UTF8
	ServerVersion  string // assumed: the newest known here
}

type dateStyle uint8

const (
	styleISO dateStyle = iota
	styleSQL
	styleGerman
	stylePostgres
)

type intervalStyle uint8

const (
	intervalPostgres intervalStyle = iota
	intervalVerbose
	intervalSQL
	intervalISO
)

// Settings are Parameters prepared for printing. They never change and may be shared.
type Settings struct {
	zone          zone
	dateStyle     dateStyle
	dayFirst      bool
	intervalStyle intervalStyle
	version       int // of the server, only the major one; 0 for the newest
	utf8          bool
	encoding      *encoding // nil if bytes are copied unchanged
	gaps          bool      // some text in the encoding is copied unchanged, too
}

var defaults = resolve(Parameters{})

// settingsCache keeps prepared settings. The connections of a program usually share a few of them,
// and a time zone is read from disk. It is emptied when it is full. It keeps nothing large, because
// the parameters come from the wire.
var settingsCache = struct {
	sync.Mutex
	byParameters map[Parameters]*Settings
}{byParameters: map[Parameters]*Settings{}}

const (
	maxCachedSettings  = 256
	maxParameterLength = 128
)

// NewSettings prepares parameters. It is fast for parameters that it has seen before, and safe for
// concurrent use. It treats what it does not understand as not reported. A time zone that this
// machine does not know is printed as UTC, with +00, which is the same moment.
func NewSettings(p Parameters) *Settings {
	for _, v := range []string{p.TimeZone, p.DateStyle, p.IntervalStyle, p.ClientEncoding, p.ServerVersion} {
		if len(v) > maxParameterLength {
			return resolve(p)
		}
	}
	settingsCache.Lock()
	defer settingsCache.Unlock()
	if s := settingsCache.byParameters[p]; s != nil {
		return s
	}
	if len(settingsCache.byParameters) == maxCachedSettings {
		clear(settingsCache.byParameters)
	}
	s := resolve(p)
	settingsCache.byParameters[p] = s
	return s
}

func resolve(p Parameters) *Settings {
	s := &Settings{zone: newZone(p.TimeZone)}
	s.setDateStyle(p.DateStyle)
	switch p.IntervalStyle {
	case "postgres_verbose":
		s.intervalStyle = intervalVerbose
	case "sql_standard":
		s.intervalStyle = intervalSQL
	case "iso_8601":
		s.intervalStyle = intervalISO
	}
	s.setEncoding(p.ClientEncoding)
	digits := strings.IndexFunc(p.ServerVersion, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(p.ServerVersion)
	}
	s.version, _ = strconv.Atoi(p.ServerVersion[:digits]) // 0 for what is not a number
	return s
}

// KnownFrom reports whether the server is known to be of a major version or a later one.
func (s *Settings) KnownFrom(version int) bool { return s != nil && s.version >= version }

// setDateStyle takes "ISO, MDY": the style, then the order of day and month. The month comes first
// unless the order is DMY.
func (s *Settings) setDateStyle(v string) {
	style, order, _ := strings.Cut(v, ", ")
	switch style {
	case "SQL":
		s.dateStyle = styleSQL
	case "German":
		s.dateStyle = styleGerman
	case "Postgres":
		s.dateStyle = stylePostgres
	}
	s.dayFirst = order == "DMY"
}

// before reports whether the server is known to be older than a major version.
func (s *Settings) before(major int) bool { return s.version != 0 && s.version < major }
