package pgvalue_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgpi/internal/pgvalue"
)

func TestParameters(t *testing.T) {
	var p pgvalue.Parameters
	for _, test := range []struct {
		name, value string
		want        bool
	}{
		{"TimeZone", "Europe/Berlin", true},
		{"TimeZone", "Europe/Berlin", false},
		{"TimeZone", "UTC", true},
		{"application_name", "psql", false},
		{"client_encoding", "LATIN1", true},
	} {
		if got := p.Set(test.name, test.value); got != test.want {
			t.Errorf("Set(%s, %s) = %v, want %v", test.name, test.value, got, test.want)
		}
	}
}

// TestTimeZones prints 2000-01-01 00:00:00 UTC where no server is needed to know
// the answer.
func TestTimeZones(t *testing.T) {
	for zone, want := range map[string]string{
		"":                        "2000-01-01 00:00:00+00",
		"UTC":                     "2000-01-01 00:00:00+00",
		"Asia/Kolkata":            "2000-01-01 05:30:00+05:30",
		"<+03>-3":                 "2000-01-01 03:00:00+03",
		"EST5EDT,M3.2.0,M11.1.0":  "1999-12-31 19:00:00-05",
		"Local":                   "2000-01-01 00:00:00+00",
		"No/Such_Zone":            "2000-01-01 00:00:00+00",
		"../../../etc/passwd":     "2000-01-01 00:00:00+00",
		"/etc/localtime":          "2000-01-01 00:00:00+00",
		"X\nY":                    "2000-01-01 00:00:00+00",
		strings.Repeat("A", 5000): "2000-01-01 00:00:00+00",
	} {
		s := pgvalue.NewSettings(pgvalue.Parameters{TimeZone: zone})
		got, err := pgvalue.AppendText(nil, timestamptzOID, pgvalue.Binary, make([]byte, 8), s)
		if err != nil || string(got) != want {
			t.Errorf("%.40q: got %q (%v), want %q", zone, got, err, want)
		}
	}
}

// TestServerVersion prints what reads differently on older servers.
func TestServerVersion(t *testing.T) {
	infinite := []byte("\x7f\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\xff")
	for version, want := range map[string]string{
		"16.4 (Debian 16.4-1)": "178956970 years 7 mons 2147483647 days 2562047788:00:54.775807",
		"17beta1":              "infinity",
		"18.0":                 "infinity",
		"":                     "infinity",
		"strange":              "infinity",
	} {
		s := pgvalue.NewSettings(pgvalue.Parameters{ServerVersion: version})
		got, err := pgvalue.AppendText(nil, intervalOID, pgvalue.Binary, infinite, s)
		if err != nil || string(got) != want {
			t.Errorf("%q: got %q (%v), want %q", version, got, err, want)
		}
	}
}

// TestManySettings makes more settings than are kept, from many goroutines.
func TestManySettings(t *testing.T) {
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 300 {
				s := pgvalue.NewSettings(pgvalue.Parameters{TimeZone: fmt.Sprintf("<+%02d>-%d", i%14, i%14), ServerVersion: fmt.Sprint(worker, i)})
				got, err := pgvalue.AppendText(nil, timestamptzOID, pgvalue.Binary, make([]byte, 8), s)
				if want := fmt.Sprintf("2000-01-01 %02d:00:00+%02d", i%14, i%14); err != nil || string(got) != want {
					t.Errorf("got %q (%v), want %q", got, err, want)
				}
			}
		})
	}
	all.Wait()
}

func TestUndecodableText(t *testing.T) {
	for encoding, text := range map[string]string{
		"EUC_JP":  "a\x8f",     // cut off
		"SJIS":    "a\xffb",    // no such lead byte
		"GB18030": "\x84\x31x", // no such character
		"JOHAB":   "\xd0\x31",  // no table
		"NONE":    "\xe9",      // no such encoding
	} {
		s := pgvalue.NewSettings(pgvalue.Parameters{ClientEncoding: encoding})
		if got := s.AppendUTF8(nil, []byte(text)); string(got) != text {
			t.Errorf("%s %q: got %q, want it as it is", encoding, text, got)
		}
	}
}
