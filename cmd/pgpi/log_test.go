package main

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"pgpi/internal/bus"
)

// TestFormats: the help of the short form names every format.
func TestFormats(t *testing.T) {
	field, _ := reflect.TypeFor[logOptions]().FieldByName("LogForwarded")
	for _, name := range formatNames() {
		if !strings.Contains(field.Tag.Get("help"), name) {
			t.Errorf("the help of --log-forwarded has no %s", name)
		}
	}
}

// TestWants: nothing is recorded after the login if no output shows it.
func TestWants(t *testing.T) {
	for _, c := range []struct {
		options outputOptions
		want    bus.Want
	}{
		{outputOptions{Log: logOptions{byDefault: "annotated"}}, bus.Messages},
		{outputOptions{Log: logOptions{LogForwarded: "queries"}}, bus.Findings},
		{outputOptions{Log: logOptions{LogForwarded: "queries"}, Findings: findingOptions{Findings: "none"}}, bus.Exchanges},
		{outputOptions{Log: logOptions{LogForwarded: "annotated"}, Findings: findingOptions{Findings: "all"}}, bus.Messages | bus.Findings},
		{outputOptions{Log: logOptions{LogForwarded: "none"}}, bus.Facts},
		{outputOptions{Log: logOptions{LogForwarded: "json"}}, bus.Messages | bus.Findings},
		{outputOptions{Log: logOptions{Log: []string{"none=a"}}}, bus.Facts},
		{outputOptions{Log: logOptions{Log: []string{"none=a", "json=b"}}}, bus.Messages | bus.Findings},
		{outputOptions{Log: logOptions{LogForwarded: "queries", Filter: `user == "joe"`}}, bus.Findings},
		{outputOptions{Log: logOptions{LogForwarded: "queries", Filter: `type == "Query"`}}, bus.Messages | bus.Findings},
		{outputOptions{Log: logOptions{LogForwarded: "annotated", Filter: "duration > ms(1)"}}, bus.Messages | bus.Exchanges},
		{outputOptions{Log: logOptions{LogForwarded: "none"}, Record: recordOptions{Record: "r.pcapng"}}, bus.Traffic},
	} {
		t.Chdir(t.TempDir())
		var closers closers
		p := newPipeline(&c.options, os.Stdout)
		if err := p.openLogs(&closers); err != nil {
			t.Fatal(err)
		}
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
		if got := bus.Wanted(p.outlets); got != c.want {
			t.Errorf("with %+v they want %d, not %d", c.options, got, c.want)
		}
		var err error
		if !p.finish() {
			t.Error("not all of it was written")
		}
		if closers.close(&err); err != nil {
			t.Error(err)
		}
	}
}

// TestAnnouncement: standard error says where pgpi listens if standard output does not.
func TestAnnouncement(t *testing.T) {
	for _, c := range []struct {
		options logOptions
		want    string
	}{
		{logOptions{byDefault: "annotated"}, ""},
		{logOptions{LogForwarded: "json"}, ""},
		{logOptions{LogForwarded: "pqtrace"}, "listening on x"},
		{logOptions{byDefault: "annotated", Filter: "conn == 1"}, "listening on x"},
		{logOptions{byDefault: "annotated", LogFile: "a"}, "listening on x, the log goes to a"},
		{logOptions{Log: []string{"raw=a", "json=b"}}, "listening on x, the logs go to a and b"},
		{logOptions{Log: []string{"raw=a", "json=-"}}, ""},
		{logOptions{Log: []string{"raw=a", "pqtrace=-"}}, "listening on x, the log goes to a"},
	} {
		if got := c.options.announcement("x"); got != c.want {
			t.Errorf("with %+v it says %q, want %q", c.options, got, c.want)
		}
	}
}
