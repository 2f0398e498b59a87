package session

import (
	"fmt"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// player plays dialogues, a word a message. Each group of requests asks for SQL of its own, so
// that a wrong name shows.
type player struct {
	t       *testing.T
	tracker *Tracker
	out     []string
}

func newPlayer(t *testing.T) *player {
	p := &player{t: t, tracker: New(nil)}
	p.tracker.Scan(event.ClientToServer, []byte("\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00")[:16])
	p.tracker.Scan(event.ServerToClient, []byte("R\x00\x00\x00\x08\x00\x00\x00\x00"))
	p.tracker.Scan(event.ServerToClient, []byte("Z\x00\x00\x00\x05I"))
	return p
}

// play feeds messages: "P1" is the Parse of group 1, and "2" a BindComplete. What comes out is
// each reply with the SQL that it is said to be about.
func (p *player) play(dialogue string) {
	p.t.Helper()
	for word := range strings.FieldsSeq(dialogue) {
		d, b := p.message(word)
		piece := p.tracker.Scan(d, b)
		if piece.Size != len(b) || len(piece.Messages) != 1 {
			p.t.Fatalf("%q is not one message", word)
		}
		if d == event.ServerToClient {
			about := "-"
			if c := piece.Messages[0].About; c != nil {
				about = strings.TrimPrefix(c.SQL, "select ")
			}
			p.out = append(p.out, word+":"+about)
		}
		for _, m := range piece.Mistakes {
			p.out = append(p.out, "!"+m)
		}
	}
}

func (p *player) message(word string) (event.Direction, []byte) {
	code, group := word[0], word[1:]
	if group != "" {
		switch code {
		case 'Q':
			return event.ClientToServer, framed('Q', "select "+group+"\x00")
		case 'P':
			return event.ClientToServer, framed('P', "s"+group+"\x00select "+group+"\x00\x00\x00")
		case 'B':
			return event.ClientToServer, framed('B', "\x00s"+group+"\x00\x00\x00\x00\x00\x00\x00")
		case 'D':
			return event.ClientToServer, framed('D', "P\x00")
		case 'E':
			return event.ClientToServer, framed('E', "\x00\x00\x00\x00\x00")
		case 'C':
			return event.ClientToServer, framed('C', "Ss"+group+"\x00")
		case 'S':
			return event.ClientToServer, framed('S', "")
		case 'c':
			return event.ClientToServer, framed('c', "")
		}
	}
	body := map[byte]string{'T': "\x00\x00", 'D': "\x00\x00", 'C': "SELECT 1\x00", 'E': "SERROR\x00\x00", 'Z': "I", 't': "\x00\x00", 'G': "\x00\x00\x00"}[code]
	return event.ServerToClient, framed(code, body)
}

// ask is what a client sends for group n, and reply what a right server answers. The mistaken
// server answers group 2 in another way.
const (
	ask   = "P%[1]d B%[1]d D%[1]d E%[1]d S%[1]d"
	reply = "1 2 T D C Z"
)

// deviations are what servers do to group 2. Two can't be told from the bytes, and are not here: a
// group that gets no reply at all, where the next one is alike, and a Query without a
// ReadyForQuery, whose next one may be its second statement.
var deviations = []struct{ name, ask, reply string }{
	{"ReadyForQuery too many", ask, "1 2 T D C Z Z"},
	{"ReadyForQuery too few", ask, "1 2 T D C"},
	{"ReadyForQuery before all", ask, "Z 1 2 T D C Z"},
	{"ReadyForQuery in the middle", ask, "1 2 Z T D C Z"},
	{"ParseComplete too few", ask, "2 T D C Z"},
	{"ParseComplete too many", ask, "1 1 2 T D C Z"},
	{"BindComplete too few", ask, "1 T D C Z"},
	{"BindComplete too many", ask, "1 2 2 T D C Z"},
	{"RowDescription too few", ask, "1 2 D C Z"},
	{"RowDescription too many", ask, "1 2 T T D C Z"},
	{"CommandComplete too few", ask, "1 2 T D Z"},
	{"CommandComplete too many", ask, "1 2 T D C C Z"},
	{"rows behind NoData", ask, "1 2 n D C Z"},
	{"an error without ReadyForQuery", ask, "1 2 E"},
	{"an error, and ReadyForQuery twice", ask, "1 2 E Z Z"},
	{"an error before all the same", ask, "E 1 2 T D C Z"},
	{"an error in the middle of all the same", ask, "1 2 E T D C Z"},
	{"two errors in a row", ask, "1 E " + "E Z"},
	{"CommandComplete before the rows", ask, "1 2 T C D D C Z"},
	{"CommandComplete between rows", ask, "1 2 T D C D D C Z"},
	{"rows behind the end", ask, "1 2 T D C D Z"},
	{"CloseComplete too few", "P%[1]d B%[1]d E%[1]d C%[1]d S%[1]d", "1 2 D C Z"},
	{"a Query without CommandComplete", "Q%[1]d", "T D Z"},
	{"a Query with two RowDescriptions", "Q%[1]d", "T T D C Z"},
}

// Whatever a server does wrong, no reply is said to be about something that it is not about, and
// groups later everything has its name again.
func TestMistakes(t *testing.T) {
	for _, test := range deviations {
		for _, way := range []string{"sequential", "pipelined"} {
			t.Run(test.name+", "+way, func(t *testing.T) {
				const last = 6
				p := newPlayer(t)
				asks, replies := map[int]string{}, map[int]string{}
				for n := 1; n <= last; n++ {
					asks[n], replies[n] = fmt.Sprintf(ask, n), reply
				}
				asks[2], replies[2] = fmt.Sprintf(test.ask, 2), test.reply
				if test.ask[0] == 'Q' {
					asks[3], replies[3] = "Q3", "T D C Z"
				}
				play := func(n int, words string) {
					p.out = nil
					p.play(words)
					for _, out := range p.out {
						_, about, isReply := strings.Cut(out, ":")
						if !isReply || about == "-" || about == fmt.Sprint(n) {
							continue
						}
						t.Errorf("a reply to %d is said to be about %s: %q", n, about, p.out)
					}
				}
				for n := 1; n <= last; n++ {
					if way == "sequential" || n == 5 {
						p.play(asks[n])
					}
					if way == "pipelined" && n == 1 {
						p.play(asks[1] + " " + asks[2] + " " + asks[3] + " " + asks[4])
					}
					if way == "pipelined" && n == 6 {
						p.play(asks[6])
					}
					play(n, replies[n])
					if n >= 5 && strings.Contains(strings.Join(p.out, " "), ":-") {
						t.Errorf("group %d has lost its name: %q", n, p.out)
					}
				}
			})
		}
	}
}

// What the server did is said once.
func TestMistakeInWords(t *testing.T) {
	p := newPlayer(t)
	p.play("Q1 T C Z Z")
	p.play("P2 B2 1 E Z S2 P3 B3 E3 S3 1 2 D C Z")
	want := "T:1 C:1 Z:1 Z:- !ReadyForQuery that no Sync or Query asked for " +
		"1:2 E:2 Z:- !ReadyForQuery that no Sync or Query asked for 1:- !ParseComplete where a reply to Sync was due 2:3 D:3 C:3 Z:3"
	if got := strings.Join(p.out, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
