package wire_test

import (
	"slices"
	"testing"

	"pgpi/internal/wire"
)

// jsonExamples are messages of COPY with FORMAT json.
var jsonExamples = []example{
	{typ: wire.CopyJSON, bytes: typed('d', "{\"id\":1,\"note\":null}\n")},
	{what: "the beginning of an array", typ: wire.CopyJSON, bytes: typed('d', "[\n")},
	{what: "the first element", typ: wire.CopyJSON, bytes: typed('d', " {\"id\":1}\n")},
	{what: "another, with a line feed in it", typ: wire.CopyJSON, bytes: typed('d', ",{\"j\":[1,\n2]}\n")},
	{what: "the end of an array", typ: wire.CopyJSON, bytes: typed('d', "]\n")},
	{what: "no end of the row", typ: wire.CopyJSON, bytes: typed('d', "{\"id\":")},
}

// A row of JSON is one value, whatever is around it. Of one that is not whole there is a part.
func TestRowsOfJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body    string
		omitted int64
		want    []wire.Name
	}{
		{"{}\n", 0, []wire.Name{wire.Column, wire.CopyValue, wire.RowEnd}},
		{" {}\n", 0, []wire.Name{wire.CopyDelimiter, wire.Column, wire.CopyValue, wire.RowEnd}},
		{",{}\n", 0, []wire.Name{wire.CopyDelimiter, wire.Column, wire.CopyValue, wire.RowEnd}},
		{"[\n", 0, []wire.Name{wire.CopyDelimiter, wire.RowEnd}},
		{"]\n", 0, []wire.Name{wire.CopyEnd, wire.RowEnd}},
		{"\n", 0, []wire.Name{wire.RowEnd}},
		{",\n", 0, []wire.Name{wire.CopyDelimiter, wire.RowEnd}},
		{"", 0, nil},
		{"{}", 0, []wire.Name{wire.Column, wire.CopyPart}},
		{"[", 0, []wire.Name{wire.Column, wire.CopyPart}},
		{",{\n", 3, []wire.Name{wire.CopyDelimiter, wire.Column, wire.CopyPart, wire.Omitted}},
		{"[\n", 3, []wire.Name{wire.Column, wire.CopyPart, wire.Omitted}},
		{",", 3, []wire.Name{wire.CopyDelimiter, wire.Omitted}},
	} {
		b := []byte(typed('d', test.body))
		var got []wire.Name
		for _, f := range checkFields(t, wire.Message{Type: wire.CopyJSON, Bytes: b, Size: int64(len(b)) + test.omitted})[2:] {
			got = append(got, f.Name)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q and %d bytes more: got %v, want %v", test.body, test.omitted, got, test.want)
		}
	}
}
