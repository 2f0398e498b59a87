package pgvalue_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgpi/internal/pgvalue"
	"pgpi/test/servers"
)

// show puts a function in the words of TestFunctions: name, result type, argument types.
func show(f pgvalue.Function) string {
	words := []string{f.Name, fmt.Sprint(f.Result)}
	for i := 0; f.Argument(i) != 0; i++ {
		words = append(words, fmt.Sprint(f.Argument(i)))
	}
	return strings.Join(words, " ")
}

// TestFunctions compares the table with the catalogs of all versions that it is of: every function
// is there, as each version has it. Without a version only those are found in which all agree.
func TestFunctions(t *testing.T) {
	versions := map[uint32][]string{}
	for _, version := range servers.Versions {
		j := newJudge(t, version)
		settings := j.settings()
		here := map[uint32]string{}
		for _, row := range j.query(`select oid, concat_ws(' ', proname, prorettype::oid, nullif(proargtypes::text, '')) from pg_proc`) {
			if oid := parseOID(row[0]); oid < 10000 {
				here[oid] = string(row[1])
				versions[oid] = append(versions[oid], here[oid])
			}
		}
		for oid := range uint32(10010) {
			f, ok := pgvalue.BuiltinFunction(oid, settings)
			if got := show(f); ok != (here[oid] != "") || ok && got != here[oid] {
				t.Errorf("PostgreSQL %d: function %d is %q (%t), want %q: run gen again", version, oid, got, ok, here[oid])
			}
		}
	}
	for _, unknown := range []string{"", "13.23", "19beta1", "strange"} {
		settings := pgvalue.NewSettings(pgvalue.Parameters{ServerVersion: unknown})
		for oid, all := range versions {
			agreed := len(all) == len(servers.Versions)
			for _, one := range all {
				agreed = agreed && one == all[0]
			}
			f, ok := pgvalue.BuiltinFunction(oid, settings)
			if ok != agreed || ok && show(f) != all[0] {
				t.Errorf("version %q: function %d is %q (%t), the versions have %q", unknown, oid, show(f), ok, all)
			}
		}
	}
}

func TestBuiltinFunction(t *testing.T) {
	const emit = 3577 // pg_logical_emit_message, which has got an argument in 17
	for _, test := range []struct {
		version string
		oid     uint32
		want    string // "" for none
	}{
		{"", 957, "lo_creat 26 23"},
		{"8.0.2", 952, "lo_open 23 26 23"},
		{"18.4", 955, "lowrite 23 23 17"},
		{"18.4", 2599, "pg_timezone_abbrevs_abbrevs 2249"},
		{"17.0", 2599, "pg_timezone_abbrevs 2249"},
		{"", 2599, ""},
		{"16.14", emit, "pg_logical_emit_message 3220 16 25 25"},
		{"17.10", emit, "pg_logical_emit_message 3220 16 25 25 16"},
		{"20devel", emit, ""},
		{"14.23", 3813, "pg_is_in_backup 16"},
		{"15.18", 3813, ""},
		{"18.4", 0, ""},
		{"18.4", 10000, ""},
		{"18.4", 1<<32 - 1, ""},
	} {
		s := pgvalue.NewSettings(pgvalue.Parameters{ServerVersion: test.version})
		f, ok := pgvalue.BuiltinFunction(test.oid, s)
		if ok != (test.want != "") || ok && show(f) != test.want {
			t.Errorf("version %q, function %d: got %q (%t), want %q", test.version, test.oid, show(f), ok, test.want)
		}
		if f.Argument(100) != 0 {
			t.Errorf("function %d has an argument that it does not take", test.oid)
		}
	}
	if f, ok := pgvalue.BuiltinFunction(957, nil); !ok || f.Name != "lo_creat" {
		t.Errorf("without settings: %q (%t)", f.Name, ok)
	}
}

func BenchmarkBuiltinFunction(b *testing.B) {
	s := pgvalue.NewSettings(pgvalue.Parameters{ServerVersion: "18.4"})
	for _, oid := range []uint32{952, 6430, 9999} {
		b.Run(strconv.Itoa(int(oid)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, _ := pgvalue.BuiltinFunction(oid, s)
				_ = f.Argument(0)
			}
		})
	}
}
