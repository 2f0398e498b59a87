package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/wire"
)

// How long a key may be depends on the version that the parties have agreed on, if that was seen.
func TestKeyLengths(t *testing.T) {
	t.Parallel()
	version := func(v uint32) string { return packet(v, "user\x00frank\x00\x00") }
	lowered := func(v string) string { return typed('v', v+"\x00\x00\x00\x00") }
	for _, test := range []struct {
		name             string
		client, server   string
		length           int
		short, longer    bool // whether the key is malformed, and whether bytes trail it
		unseenBeforehand bool
	}{
		{"3.0", version(3 << 16), "", 4, false, false, false},
		{"3.0", version(3 << 16), "", 0, true, false, false},
		{"3.0", version(3 << 16), "", 32, false, true, false},
		{"3.2", version(3<<16 | 2), "", 32, false, false, false},
		{"3.2", version(3<<16 | 2), "", 4, false, false, false},
		{"3.2", version(3<<16 | 2), "", 3, true, false, false},
		{"3.2", version(3<<16 | 2), "", 257, false, true, false},
		{"3.2 lowered", version(3<<16 | 2), lowered("\x00\x03\x00\x00"), 32, false, true, false},
		{"3.2 lowered, the minor version alone", version(3<<16 | 2), lowered("\x00\x00\x00\x00"), 32, false, true, false},
		{"lowered to nobody knows what", version(3<<16 | 2), typed('v', "\x00\x03"), 32, false, false, false},
		{"grease", version(3<<16 | 9999), lowered("\x00\x03\x00\x02"), 32, false, false, false},
		{"unseen", "", "", 32, false, false, true},
		{"unseen", "", "", 4, false, false, true},
		{"unseen", "", "", 0, true, false, true},
	} {
		t.Run(fmt.Sprintf("%s, %d bytes", test.name, test.length), func(t *testing.T) {
			p := newPump(t)
			if test.unseenBeforehand {
				p.tracker.Join()
				p.late.Join()
			}
			p.feed(toServer, test.client, whole)
			p.feed(toClient, test.server+ok+typed('K', "\x00\x00\x00\x01"+strings.Repeat("k", test.length)), whole)
			names := fieldNames(p.seen[len(p.seen)-1:])
			if p.last.Type != wire.BackendKeyData || slices.Contains(names, wire.Malformed) != test.short || slices.Contains(names, wire.Trailing) != test.longer {
				t.Errorf("%s has %v", p.last.Type, names)
			}
		})
	}
}
