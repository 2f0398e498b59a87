package text

import (
	"os"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
	"pgpi/test/golden"
	"pgpi/test/transcript"
)

const sslRequest = "\x00\x00\x00\x08\x04\xd2\x16\x2f"

// exampleSession is the session that first demonstrated the log's format: psql asks for the time.
func exampleSession() []event.Event {
	const host = "ep-crimson-sound-a8nnh11s.eastus2.azure.neon.tech"
	startup := message(wire.StartupMessage, "\x00\x00\x00\x56\x00\x03\x00\x00"+
		"user\x00neondb_owner\x00database\x00neondb\x00application_name\x00psql\x00client_encoding\x00UTF8\x00\x00")
	s := new(transcript.Transcript)
	s.Say(event.Opened{Time: time.Date(2025, 7, 4, 14, 28, 59, 0, time.FixedZone("", 3600)), Client: "127.0.0.1 port 50000"})
	s.Pass(event.ClientToScript, message(wire.SSLRequest, sslRequest))
	s.Pass(event.ScriptToClient, message(wire.SSLResponse, "S"))
	s.Say(event.TLSEstablished{TLS: "TLSv1.3/TLS_AES_256_GCM_SHA384", Party: event.Client})
	s.Say(event.ServerName{Name: host + ".local.neon.build"})
	s.Pass(event.ClientToScript, startup)
	s.Say(event.Connecting{Server: host})
	s.Say(event.Connected{Address: "192.0.2.1 port 5432"})
	s.Pass(event.ScriptToServer, message(wire.SSLRequest, sslRequest))
	s.Pass(event.ServerToScript, message(wire.SSLResponse, "S"))
	s.Say(event.TLSEstablished{TLS: "TLSv1.3/TLS_AES_256_GCM_SHA384", Party: event.Server})
	s.Say(event.StartupForwarded{})
	s.Pass(event.ScriptToServer, startup)
	s.Say(event.Forwarding{})
	exampleLogin(s)
	exampleQuery(s)
	s.Say(event.HungUp{Party: event.Client})
	s.Say(event.Ended{})
	return s.Events
}

func exampleLogin(s *transcript.Transcript) {
	const nonce = "r=fci+VTkzKrO1kJLK0tL7DEQ1"
	s.Elapsed = 612345 * time.Microsecond
	s.Server(message(wire.AuthenticationSASL, "\x00\x00\x00\x0aSCRAM-SHA-256-PLUS\x00SCRAM-SHA-256\x00\x00"))
	s.Client(message(wire.SASLInitialResponse, "SCRAM-SHA-256\x00\x00\x00\x00\x20n,,n=,"+nonce))
	s.Elapsed = 710 * time.Millisecond
	s.Server(message(wire.AuthenticationSASLContinue,
		"\x00\x00\x00\x0b"+nonce+"Urymgg5N9lizsp07o96IuAEP,s=KBGVGRza5gHefnp4OSU8Gw==,i=4096"))
	s.Client(message(wire.SASLResponse,
		"c=biws,"+nonce+"Urymgg5N9lizsp07o96IuAEP,p=PTTYe085GzltpFoYDRDnnJZMPxUKE1Ajrryw6XFY74E="))
	settings := []string{
		"is_superuser=off", "DateStyle=ISO, MDY", "in_hot_standby=off", "standard_conforming_strings=on",
		"integer_datetimes=on", "server_encoding=UTF8", `search_path="$user", public`, "application_name=psql",
		"default_transaction_read_only=off", "session_authorization=neondb_owner", "server_version=17.5",
		"IntervalStyle=postgres", "TimeZone=GMT", "client_encoding=UTF8", "scram_iterations=4096",
	}
	messages := make([]event.Message, 0, len(settings)+4)
	messages = append(messages,
		message(wire.AuthenticationSASLFinal, "\x00\x00\x00\x0cv=Oj1crnRpVuFmr693/pTL1lf5+sP7rV0eDW6A/kCTCjg="),
		message(wire.AuthenticationOk, "\x00\x00\x00\x00"))
	for _, setting := range settings {
		messages = append(messages, message(wire.ParameterStatus, strings.Replace(setting, "=", "\x00", 1)+"\x00"))
	}
	messages = append(messages,
		message(wire.BackendKeyData, "\x8c\xa5\xc2\x9a\xfe\xb8\x7d\x87"),
		message(wire.ReadyForQuery, "I"))
	s.Elapsed = 1220 * time.Millisecond
	s.Server(messages...)
}

func exampleQuery(s *transcript.Transcript) {
	s.Elapsed = 8620 * time.Millisecond
	s.Client(message(wire.Query, "SELECT now();\x00"))
	s.Elapsed = 8730 * time.Millisecond
	s.Server(
		message(wire.RowDescription,
			"\x00\x01now\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\xa0\x00\x08\xff\xff\xff\xff\x00\x00"),
		message(wire.DataRow, "\x00\x01\x00\x00\x00\x1d2025-07-04 13:29:08.633783+00"),
		message(wire.CommandComplete, "SELECT 1\x00"),
		message(wire.ReadyForQuery, "I"))
	s.Elapsed = 10150 * time.Millisecond
	s.Client(message(wire.Terminate, ""))
}

// TestSeed compares with the log that people and their programs know. Whatever is added, each of
// its lines is the beginning of a line of ours, in the same order.
func TestSeed(t *testing.T) {
	seed, err := os.ReadFile("testdata/seed.txt")
	if err != nil {
		t.Fatal(err)
	}
	log := render(t, Options{MaxValue: maxValue}, exampleSession())
	golden.Compare(t, "example"+".txt", log)
	lines := strings.Split(strings.TrimSuffix(log, "\n"), "\n")
	for n, want := range strings.Split(strings.TrimSuffix(string(seed), "\n"), "\n") {
		for len(lines) > 0 && !strings.HasPrefix(lines[0], "#1  "+want) {
			lines = lines[1:]
		}
		if len(lines) == 0 {
			t.Fatalf("seed.txt:%d: no further line of the log begins so: %s", n+1, want)
		}
		lines = lines[1:]
	}
}

// TestModes has the same session in the other modes.
func TestModes(t *testing.T) {
	for name, o := range map[string]Options{
		"example_raw":      {Mode: Raw},
		"example_none":     {Mode: None},
		"example_relative": {Time: Relative},
		"example_iso":      {Time: ISO, Mode: Raw},
		"example_notime":   {Time: NoTime},
	} {
		t.Run(name, func(t *testing.T) { golden.Compare(t, name+".txt", render(t, o, exampleSession())) })
	}
}

// TestColor checks that color adds nothing but color, and where the color is.
func TestColor(t *testing.T) {
	events := exampleSession()
	colored := render(t, Options{Color: true}, events)
	plain := strings.NewReplacer(yellow, "", blue, "", magenta, "", cyan, "", reset, "").Replace(colored)
	if want := render(t, Options{}, events); plain != want {
		t.Errorf("without its colors the log is %q, not %q", plain, want)
	}
	for _, want := range []string{
		"\x1b[34m#1\x1b[0m  \x1b[36mclient -> script:\x1b[0m \"\\x00\\x00\\x00\\x08\\x04\\xd2\\x16\\x2f\" \x1b[33m= SSLRequest\x1b[0m\n",
		"\x1b[34m#1\x1b[0m  \x1b[35mscript -> client:\x1b[0m \"S\" \x1b[33m= SSL supported\x1b[0m\n",
		"\x1b[34m#1\x1b[0m    \"user\\x00\" \x1b[33m= key\x1b[0m \"neondb_owner\\x00\" \x1b[33m= value\x1b[0m\n",
		"\x1b[34m#1\x1b[0m  \x1b[34m^^\x1b[0m 43 bytes forwarded at +0.61s, 0 bytes left in buffer\n",
		"\x1b[33m= protocol version\x1b[0m\x1b[33m: 3.0\x1b[0m\n",
	} {
		if !strings.Contains(colored, want) {
			t.Errorf("the log has no %q", want)
		}
	}
}
