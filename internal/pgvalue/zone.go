package pgvalue

import (
	"encoding/binary"
	"strings"
	"time"
	_ "time/tzdata" // values must not read differently where a machine has no zone files
)

// zone is a time zone.
type zone struct {
	location *time.Location
	repeats  bool // it follows one rule at all times
}

// newZone finds the time zone that the server calls name: one of the IANA
// database, else a POSIX rule such as <+03>-3 or EST5EDT,M3.2.0,M11.1.0, which
// is what SET TIME ZONE -3 makes. It is UTC where neither is known here.
func newZone(name string) zone {
	switch name {
	case "", "UTC", "Local": // Go's Local is this machine's zone, not the server's
		return zone{location: time.UTC}
	}
	// LoadLocation refuses names that lead out of the zone files' folder.
	if l, err := time.LoadLocation(name); err == nil {
		return zone{location: l}
	}
	if l := posixLocation(name); l != nil {
		return zone{location: l, repeats: true}
	}
	return zone{location: time.UTC}
}

// at returns the abbreviation in use at a moment, in seconds from 1970, and how
// many seconds east of Greenwich it is.
func (z zone) at(seconds int64) (name string, offset int) {
	if z.location == time.UTC {
		return "UTC", 0
	}
	const cycle = 146097 * secondsPerDay // 400 years, after which the calendar is the same again
	if z.repeats && seconds < 0 {
		// Go 1.26 misplaces a rule's switches by a day before 1970.
		seconds -= floorDiv(seconds, cycle) * cycle
	}
	return time.Unix(seconds, 0).In(z.location).Zone()
}

// stubZone is the abbreviation of the zone that a time would fall into if its
// rule made no sense.
const stubZone = "?"

// posixLocation builds a zone that follows a POSIX rule at all times. Package
// time understands such rules, but only as the last line of a zone file, so this
// is a zone file (RFC 9636) with nothing else in it. It returns nil where rule is
// none.
func posixLocation(rule string) *time.Location {
	if len(rule) > maxParameterLength || strings.ContainsAny(rule, "\n\x00") {
		return nil
	}
	header := func(b []byte) []byte {
		b = append(b, "TZif2"...)
		b = append(b, make([]byte, 15)...)
		for _, count := range []uint32{0, 0, 0, 0, 1, uint32(len(stubZone) + 1)} {
			b = binary.BigEndian.AppendUint32(b, count)
		}
		b = append(b, 0, 0, 0, 0, 0, 0) // one zone: its offset, not summer time, its name
		return append(b, stubZone+"\x00"...)
	}
	file := header(header(nil)) // once with 32-bit times, once with 64-bit times
	file = append(file, "\n"+rule+"\n"...)
	l, err := time.LoadLocationFromTZData(rule, file)
	if err != nil {
		return nil
	}
	if name, _ := time.Unix(0, 0).In(l).Zone(); name == stubZone {
		return nil
	}
	return l
}
