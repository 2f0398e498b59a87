package pseudonym

import (
	"bytes"
	"testing"
)

// The types that PostgreSQL 19 adds are numbers, and have pseudonyms as such.
func TestIdentifiersOfServer19(t *testing.T) {
	for oid, value := range map[uint32][]byte{
		6437: {0, 0, 0, 0, 0, 0x1f, 0x0f, 0x10}, // oid8
		6490: {0, 0x1f, 0x0f, 0x10},             // regdatabase
	} {
		changed := bytes.Clone(value)
		New().replaceBinary(changed, oid, 0)
		if bytes.Equal(changed, value) {
			t.Errorf("type %d: %x stays as it is", oid, value)
		}
	}
}
