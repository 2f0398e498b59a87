package pgvalue

import (
	"encoding/binary"
	"strings"
	"time"
	_ "time/tzdata" // values must read the same on machines without zone files
)

// zone is a time zone.
type zone struct {
	location *time.Location
	repeats  bool // it follows one rule at all times
}

// newZone finds the time zone with the server's name for it. That is a name in the IANA database,
// or a POSIX rule such as <+03>-3 or EST5EDT,M3.2.0,M11.1.0, which is the result of SET TIME ZONE
// -3. An unknown name returns UTC.
func newZone(name string) zone {
	switch name {
	case "", "UTC", "Local": // Go's Local is this machine's zone, not the server's
		return zone{location: time.UTC}
	}
	// LoadLocation refuses names that lead out of the folder of zone files.
	if l, err := time.LoadLocation(name); err == nil {
		return zone{location: l}
	}
	if l := posixLocation(name); l != nil {
		return zone{location: l, repeats: true}
	}
	return zone{location: time.UTC}
}

// at returns the abbreviation in use at a moment, in seconds from 1970, and how many seconds east
// of Greenwich it is.
func (z zone) at(seconds int64) (name string, offset int) {
	if z.location == time.UTC {
		return "UTC", 0
	}
	const cycle = 146097 * secondsPerDay // 400 years, after which the calendar repeats
	if z.repeats && seconds < 0 {
		// Go 1.26 misplaces the switches of a rule by a day before 1970.
		seconds -= floorDiv(seconds, cycle) * cycle
	}
	return time.Unix(seconds, 0).In(z.location).Zone()
}

// stubZone is the abbreviation that a time would get if the rule made no sense.
const stubZone = "?"

// posixLocation makes a zone that follows a POSIX rule at all times. Package time understands such
// rules only in the last line of a zone file, so this makes a zone file (RFC 9636) with nothing
// else in it. It returns nil if rule is not a rule.
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
		b = append(b, 0, 0, 0, 0, 0, 0) // a zone: its offset, not summer time, its name
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
