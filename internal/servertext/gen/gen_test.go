package main

import (
	"os"
	"strings"
	"testing"

	"pgpi/internal/servertext"
	"pgpi/test/servers"
)

const catalogs = "/usr/share/locale/*/LC_MESSAGES/{postgres,plpgsql}-15.mo"

// installed are the texts of the catalogs that are here.
func installed(t *testing.T) []string {
	t.Helper()
	files, err := find(catalogs)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		servers.Missing(t, "servers", "PostgreSQL 15 has no message catalogs: "+catalogs)
	}
	texts, err := keys(files)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// TestTemplates holds that the file is what the catalogs say.
func TestTemplates(t *testing.T) {
	there, err := os.ReadFile("../templates.txt")
	if err != nil {
		t.Fatal(err)
	}
	if table(installed(t)) != string(there) {
		t.Error("templates.txt is not what the catalogs say: run go generate ./internal/servertext")
	}
}

// TestData makes a text of each template, with a canary in each hole. Where that is data, it must
// not count as anything else.
func TestData(t *testing.T) {
	whole, all := 0, 0
	for _, text := range installed(t) {
		fixed, holes := cut(text)
		if !counts(text, fixed, holes) {
			continue
		}
		all++
		made := fixed[0]
		var data [][2]int
		for i, h := range holes {
			start := len(made)
			made += filling(h)
			if h == servertext.DataHole {
				data = append(data, [2]int{start, len(made)})
			}
			made += fixed[i+1]
		}
		parts := servertext.AppendParts(nil, []byte(made))
		if len(parts) == 0 || parts[0].Start > 0 || parts[len(parts)-1].End < len(made) || len(parts) > 1 {
			whole++
		}
		for _, d := range data {
			for at := d[0]; at < d[1]; at++ {
				if kindAt(parts, at) < servertext.SQL {
					t.Errorf("%q: byte %d of %q is not data: %v", text, at, made, parts)
					break
				}
			}
		}
	}
	t.Logf("%d of %d texts are recognized", whole, all)
	if whole < all*9/10 {
		t.Errorf("only %d of %d texts are recognized", whole, all)
	}
}

// filling is something that can fill a hole.
func filling(h servertext.Hole) string {
	switch h {
	case servertext.NumberHole:
		return "7"
	case servertext.CommandHole:
		return "INSERT"
	case servertext.KeyHole:
		return "(id)=(canary)"
	case servertext.MessageHole:
		return "syntax error"
	}
	return "canary"
}

func kindAt(parts []servertext.Part, at int) servertext.Kind {
	for _, p := range parts {
		if p.Start <= at && at < p.End {
			return p.Kind
		}
	}
	return servertext.Words
}

func TestReadCatalog(t *testing.T) {
	for _, broken := range []string{"", "\xde\x12\x04", "no catalog at all, but long enough", "\xde\x12\x04\x95\x00\x00\x00\x00\xff\xff\x00\x00\xff\xff\xff\xff"} {
		if texts, err := readCatalog([]byte(broken)); err == nil {
			t.Errorf("%q has the texts %q", broken, texts)
		}
	}
	file := "\xde\x12\x04\x95\x00\x00\x00\x00\x02\x00\x00\x00\x14\x00\x00\x00" + "\x00\x00\x00\x00" +
		"\x03\x00\x00\x00\x24\x00\x00\x00" + "\x05\x00\x00\x00\x28\x00\x00\x00" + "one\x00c\x04s\x00p"
	texts, err := readCatalog([]byte(file))
	if got := strings.Join(texts, "|"); err != nil || got != "one|s|p" {
		t.Errorf("got %q, %v", got, err)
	}
}
