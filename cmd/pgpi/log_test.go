package main

import (
	"reflect"
	"strings"
	"testing"
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

// TestDecodes: nothing is decoded after the login where no output shows it.
func TestDecodes(t *testing.T) {
	for _, c := range []struct {
		options logOptions
		want    bool
	}{
		{logOptions{}, true},
		{logOptions{LogForwarded: "none"}, false},
		{logOptions{LogForwarded: "json"}, true},
		{logOptions{Log: []string{"none=a"}}, false},
		{logOptions{Log: []string{"none=a", "json=b"}}, true},
	} {
		if c.options.decodes() != c.want {
			t.Errorf("with %+v it decodes: %t", c.options, !c.want)
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
