package decode

import (
	"encoding/binary"
	"testing"

	"pgpi/internal/event"
)

// TestGrease explains what a server does that negotiates neither version nor options.
func TestGrease(t *testing.T) {
	version := func(number uint32, parameters string) string {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(parameters)+9))
		return string(binary.BigEndian.AppendUint32(b, number)) + parameters + "\x00"
	}
	const (
		user   = "user\x00joe\x00"
		option = user + greaseOption + "\x00\x00"
	)
	fails := func(does string) string { return event.Sentence(event.GreaseFails{Does: does}) }
	negotiated := message('v', "\x00\x03\x00\x02\x00\x00\x00\x00")
	ok := message('R', "\x00\x00\x00\x00")
	for name, test := range map[string]struct {
		startup, answer string
		want            []string
	}{
		"negotiated":             {version(greaseVersion, option), negotiated + ok, []string{"NegotiateProtocolVersion AuthenticationOk"}},
		"accepted":               {version(greaseVersion, user), ok, []string{"AuthenticationOk", fails("accepts that")}},
		"an option alone":        {version(3<<16, option), ok, []string{"AuthenticationOk", fails("accepts that")}},
		"refused":                {version(greaseVersion, user), message('E', "SFATAL\x00C08P01\x00Munsupported\x00\x00"), []string{"ErrorResponse", fails("refuses that")}},
		"refused by old servers": {version(greaseVersion, user), message('E', "SFATAL\x00C0A000\x00Munsupported\x00\x00"), []string{"ErrorResponse", fails("refuses that")}},
		"too many connections":   {version(greaseVersion, user), message('E', "SFATAL\x00C53300\x00Mtoo many\x00\x00"), []string{"ErrorResponse"}},
		"nothing new":            {version(3<<16, user), ok, []string{"AuthenticationOk"}},
		"3.2":                    {version(3<<16|2, user), ok, []string{"AuthenticationOk"}},
	} {
		l := newLine()
		l.bytes(event.ClientToServer, test.startup)
		l.out = nil
		l.bytes(event.ServerToClient, test.answer)
		t.Run(name, func(t *testing.T) { l.want(t, test.want...) })
	}
}
