package pgvalue_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"pgpi/internal/pgvalue"
)

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

// TestServerVersion prints what reads differently on older servers. Forms of 19 are those of its
// sources: there is no package of it to ask.
func TestServerVersion(t *testing.T) {
	const (
		forever      = "\x7f\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\xff"
		lsn          = "\x00\x00\x00\x16\x01\x6b\x37\x4d"
		ndistinct    = "\xa4\xbf\x52\xa3\x01\x00\x00\x00\x02\x00\x00\x00" + thousand + "\x02\x00\x00\x00\x01\x00\xff\xff" + thousand + "\x03\x00\x00\x00\x01\x00\x02\x00\x03\x00"
		dependencies = "\x2c\x9a\x54\xb4\x01\x00\x00\x00\x02\x00\x00\x00" + half + "\x02\x00\x01\x00\x02\x00" + half + "\x03\x00\x01\x00\xff\xff\x03\x00"
	)
	const (
		newNdistinct    = `[{"attributes": [1, -1], "ndistinct": 1000}, {"attributes": [1, 2, 3], "ndistinct": 1000}]`
		newDependencies = `[{"attributes": [1], "dependency": 2, "degree": 0.500000}, {"attributes": [1, -1], "dependency": 3, "degree": 0.500000}]`
	)
	for _, test := range []struct {
		version string
		oid     uint32
		value   string
		want    string
	}{
		{"16.4 (Debian 16.4-1)", intervalOID, forever, "178956970 years 7 mons 2147483647 days 2562047788:00:54.775807"},
		{"17beta1", intervalOID, forever, "infinity"},
		{"18.0", intervalOID, forever, "infinity"},
		{"", intervalOID, forever, "infinity"},
		{"strange", intervalOID, forever, "infinity"},
		{"18.6", lsnOID, lsn, "16/16B374D"},
		{"19beta1", lsnOID, lsn, "16/016B374D"},
		{"20devel", lsnOID, lsn, "16/016B374D"},
		{"", lsnOID, lsn, "16/016B374D"},
		{"18.6", lsnOID, "\x00\x00\x00\x00\x00\x00\x00\x00", "0/0"},
		{"19.0", lsnOID, "\x00\x00\x00\x00\x00\x00\x00\x00", "0/00000000"},
		{"19.0", lsnOID, "\xff\xff\xff\xff\xff\xff\xff\xff", "FFFFFFFF/FFFFFFFF"},
		{"18.6", ndistinctOID, ndistinct, `{"1, -1": 1000, "1, 2, 3": 1000}`},
		{"19.0", ndistinctOID, ndistinct, newNdistinct},
		{"", ndistinctOID, ndistinct, newNdistinct},
		{"18.6", dependenciesOID, dependencies, `{"1 => 2": 0.500000, "1, -1 => 3": 0.500000}`},
		{"19.0", dependenciesOID, dependencies, newDependencies},
		{"", dependenciesOID, dependencies, newDependencies},
	} {
		s := pgvalue.NewSettings(pgvalue.Parameters{ServerVersion: test.version})
		got, err := pgvalue.AppendText(nil, test.oid, pgvalue.Binary, []byte(test.value), s)
		if err != nil || string(got) != test.want {
			t.Errorf("%q, %s: got %q (%v), want %q", test.version, pgvalue.TypeName(test.oid), got, err, test.want)
		}
	}
}

// The types whose text depends on the version, and float8 numbers in the byte order of most
// servers.
const (
	lsnOID, ndistinctOID, dependenciesOID = 3220, 3361, 3402

	thousand = "\x00\x00\x00\x00\x00\x40\x8f\x40"
	half     = "\x00\x00\x00\x00\x00\x00\xe0\x3f"
)

// An LSN is printed like a value of type pg_lsn, whatever the settings.
func TestAppendLSN(t *testing.T) {
	for _, s := range []*pgvalue.Settings{nil, pgvalue.NewSettings(pgvalue.Parameters{ServerVersion: "18.0"})} {
		for _, lsn := range []uint64{0, 1, 0x16b374d, 0xfffffff, 0x10000000, 1 << 32, 0x16_0000_0000, math.MaxUint64} {
			want, err := pgvalue.AppendText(nil, lsnOID, pgvalue.Binary, binary.BigEndian.AppendUint64(nil, lsn), s)
			if got := pgvalue.AppendLSN(nil, lsn, s); err != nil || string(got) != string(want) {
				t.Errorf("%x: got %s, want %s (%v)", lsn, got, want, err)
			}
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
