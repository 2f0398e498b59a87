package pgvalue_test

import (
	"os"
	"strings"
	"testing"

	"pgpi/internal/pgvalue"
)

// TestDocumentation looks for every type in the table that people read.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/values.md")
	if err != nil {
		t.Fatal(err)
	}
	for oid := range uint32(10000) {
		name := pgvalue.TypeName(oid)
		// Rows of catalogs are named as one; of a type that is not sent there is nothing to say.
		_, excused := notCompared[name]
		if name == "" || strings.HasSuffix(name, "[]") || notSent[name] || excused && strings.HasPrefix(name, "pg_") {
			continue
		}
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/values.md does not name the type %s (OID %d)", name, oid)
		}
	}
}

// notSent are the types without a send function.
var notSent = map[string]bool{
	"aclitem": true, "gtsvector": true, "any": true, "anyelement": true, "anynonarray": true, "anyenum": true,
	"anyrange": true, "anymultirange": true, "anycompatible": true, "anycompatiblenonarray": true,
	"anycompatiblerange": true, "anycompatiblemultirange": true, "trigger": true, "event_trigger": true,
	"language_handler": true, "internal": true, "fdw_handler": true, "index_am_handler": true,
	"table_am_handler": true, "tsm_handler": true,
}
