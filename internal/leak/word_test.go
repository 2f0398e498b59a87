package leak

import (
	"bytes"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// TestPartsOfValues has redactions that replace some words of a value: nowhere is the whole
// value left, and what is left is found.
func TestPartsOfValues(t *testing.T) {
	for name, d := range map[string]dialogue{
		"a constant":       query(`insert into t values (N'C:\', 'Alice Wonder 4711')`),
		"a comment":        query(`select 1 /* Alice 4711 */`),
		"a row":            textRow("Wonder 4711"),
		"COPY":             copyRow("csv", `"Alice 4711",4711`),
		"what RAISE says":  serverError("CP0001\x00MAlice has 4711"),
		"a parameter":      bound(build(int16(1), int16(0)), value("1"), value("Alice 4711")),
		"text, and binary": bound(build(int16(1), int16(1)), value("1"), value("Alice 4711")),
	} {
		detector := New()
		d.track(func(e *event.Event) {
			detector.Watch(e, func(e *event.Event) {
				copy(e.Data, bytes.ReplaceAll(e.Data, []byte("4711"), []byte("8231")))
				for i := range e.Messages {
					e.Messages[i].About = nil
				}
			})
			detector.Search(e)
		})
		err := detector.Err()
		if err == nil || !strings.Contains(err.Error(), "words of values were not replaced: ") || detector.found.any() {
			t.Errorf("%s: the check says %v", name, err)
		}
	}
}

// TestUnitsStay has values of types whose words stay: the redaction that keeps them is not
// at fault.
func TestUnitsStay(t *testing.T) {
	d := query(`select interval '3 years 4711 days', INTERVAL '4711 months', 'true', 'null' where day = 'Monday'`)
	types := []struct {
		oid  uint32
		text string
	}{
		{1186, "1 year 2 mons 4711 days"}, {1184, "15/01/2024 10:30:00 CEST"}, {1187, `{"4711 days","3 hours"}`}, {650, "beef:cafe::/32"},
		{142, `<?xml version="1.0"?><a>Alice</a>`}, {3614, "'alice':1A"}, {3904, "empty"}, {701, "Infinity"}, {1082, "infinity"}, {16, "true"},
		{25, "2024-01-15T10:30:00Z, 1500e+10, NaN"}, {2950, "550e8400-beef-41d4-a716-446655440000"}, {869, "2001:beef::cafe"},
	}
	var columns, values []byte
	for _, one := range types {
		columns = append(columns, column("x", one.oid, 0)...)
		values = append(values, value(one.text)...)
	}
	d.server('T', int16(len(types)), columns)
	d.server('D', int16(len(types)), values)
	for range 20 { // with another key each time
		if err := d.redacted(t).check(t, d); err != nil {
			t.Error(err)
		}
	}
}
