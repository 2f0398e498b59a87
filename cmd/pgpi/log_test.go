package main

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"pgpi/internal/bus"
)

// TestFormats: the short form takes every format that --log does, and its help names them.
func TestFormats(t *testing.T) {
	field, _ := reflect.TypeFor[logOptions]().FieldByName("LogForwarded")
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
		if !strings.Contains(field.Tag.Get("help"), f.name) {
			t.Errorf("the help of --log-forwarded has no %s", f.name)
		}
	}
	if got, want := field.Tag.Get("enum"), ","+strings.Join(names, ","); got != want {
		t.Errorf("--log-forwarded takes %q, not %q", got, want)
	}
}

// TestWants: nothing is recorded after the login where no output shows it.
func TestWants(t *testing.T) {
	for _, c := range []struct {
		options options
		want    bus.Want
	}{
		{options{}, bus.Messages},
		{options{Log: logOptions{LogForwarded: "queries"}}, bus.Exchanges},
		{options{Log: logOptions{LogForwarded: "none"}}, bus.Facts},
		{options{Log: logOptions{LogForwarded: "json"}}, bus.Exchanges},
		{options{Log: logOptions{Log: []string{"none=a"}}}, bus.Facts},
		{options{Log: logOptions{Log: []string{"none=a", "json=b"}}}, bus.Exchanges},
		{options{Log: logOptions{LogForwarded: "none"}, Record: recordOptions{Record: "r.pcapng"}}, bus.Messages},
	} {
		t.Chdir(t.TempDir())
		var closers closers
		logs, err := openLogs(&c.options, os.Stdout, &closers, complain)
		if err != nil {
			t.Fatal(err)
		}
		all, err := outlets(&c.options, logs, complain)
		if err != nil {
			t.Fatal(err)
		}
		if got := bus.Wanted(all); got != c.want {
			t.Errorf("with %+v they want %d, not %d", c.options, got, c.want)
		}
		for _, o := range all {
			if err := o.Sink.Close(); err != nil {
				t.Error(err)
			}
		}
		if closers.close(&err); err != nil {
			t.Error(err)
		}
	}
}

// TestAnnouncement: standard error says where pgpi listens, where standard output doesn't.
func TestAnnouncement(t *testing.T) {
	for _, c := range []struct {
		options logOptions
		want    string
	}{
		{logOptions{}, ""},
		{logOptions{LogForwarded: "json"}, ""},
		{logOptions{LogForwarded: "pqtrace"}, "listening on x"},
		{logOptions{Filter: "conn == 1"}, "listening on x"},
		{logOptions{LogFile: "a"}, "listening on x, the log goes to a"},
		{logOptions{Log: []string{"raw=a", "json=b"}}, "listening on x, the logs go to a and b"},
		{logOptions{Log: []string{"raw=a", "json=-"}}, ""},
		{logOptions{Log: []string{"raw=a", "pqtrace=-"}}, "listening on x, the log goes to a"},
	} {
		if got := c.options.announcement("x"); got != c.want {
			t.Errorf("with %+v it says %q, want %q", c.options, got, c.want)
		}
	}
}
