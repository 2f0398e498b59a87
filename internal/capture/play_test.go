package capture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"pgpi/internal/event"
)

// play is some connections that a proxy relays at the same time. They do what clients and servers do
// that findings are about, too, and end in every way.
type play struct {
	*proxy
	names int
}

func newPlay(r *rand.Rand, to Recorder) *play {
	p := &play{proxy: newProxy(r.Uint64())}
	p.r, p.Recorder = r, to
	return p
}

// perform records everything.
func (p *play) perform() {
	p.Record(&event.Event{At: p.opened, Kind: event.Said, Fact: event.Listening{Address: "127.0.0.1 port 1"}})
	if p.r.IntN(2) == 0 {
		p.Record(&event.Event{At: p.opened, Kind: event.Measured, Fact: event.OneCommand{}})
	}
	scenes := make([]*scene, 1+p.r.IntN(4))
	for i := range scenes {
		scenes[i] = p.newScene(uint32(i + 1))
	}
	for left := len(scenes); left > 0; {
		s := scenes[p.r.IntN(len(scenes))]
		if s.done {
			continue
		}
		p.pass()
		if s.act(); s.done {
			left--
		}
	}
}

// pass lets time pass now and then, with a tick a second.
func (p *play) pass() {
	if p.r.IntN(12) > 0 {
		return
	}
	for d := time.Duration(p.r.Int64N(int64(14 * time.Second))); d > 0; d -= time.Second {
		p.now += min(d, time.Second)
		p.Record(&event.Event{At: p.opened.Add(p.now), Elapsed: p.now, Kind: event.Measured, Fact: event.Tick{}})
	}
}

// scene is a connection of a play.
type scene struct {
	*relayed
	play  *play
	lines []write
	done  bool
}

func (p *play) newScene(id uint32) *scene {
	s := &scene{relayed: p.connect(id), play: p}
	traffic := randomTraffic(p.r)
	if len(traffic[0].data) == 8 { // an SSLRequest, which the proxy answers itself
		traffic = traffic[2:]
	}
	s.lines = traffic[1:]
	if last := len(s.lines) - 1; s.lines[last].data[0] == 'X' && !s.lines[last].server {
		s.lines = s.lines[:last]
	}
	for range p.r.IntN(4) {
		s.lines = append(s.lines, p.work()...)
	}
	return s
}

// act relays something of what the parties say next, or ends the connection.
func (s *scene) act() {
	if len(s.lines) == 0 || s.r.IntN(60) == 0 {
		s.end()
		return
	}
	next := &s.lines[0]
	d := event.ClientToServer
	if next.server {
		d = event.ServerToClient
	}
	n := len(next.data)
	if s.r.IntN(4) == 0 {
		n = 1 + s.r.IntN(n)
	}
	s.relay(d, next.data[:n])
	if next.data = next.data[n:]; len(next.data) == 0 {
		s.lines = s.lines[1:]
	}
	if s.r.IntN(30) == 0 {
		s.cancel()
	}
}

// cancel has another connection ask the server to end what this one runs.
func (s *scene) cancel() {
	s.play.names++
	c := &relayed{proxy: s.proxy, id: 1000 + uint32(s.play.names), began: s.now}
	c.say(event.Opened{Time: c.opened.Add(c.now).Truncate(time.Second), Client: fmt.Sprintf("127.0.0.1:%d", 20000+s.play.names)})
	c.show(event.ClientToScript, untyped("\x04\xd2\x16\x2e\x00\x00\x00\x07\x01\x02\x03\x04"))
	c.say(event.CancelForwarded{Connection: s.id})
	c.say(event.Ended{})
}

// end ends the connection.
func (s *scene) end() {
	s.done = true
	say, ended := s.say, event.Ended{}
	switch s.r.IntN(7) {
	case 0: // pgpi was killed
	case 1:
		s.relay(event.ClientToServer, message('X', ""))
		s.endHalf(event.ClientToServer, false)
		say(event.HungUp{Party: event.Client})
		s.endHalf(event.ServerToClient, false)
		say(ended)
	case 2:
		s.endHalf(event.ServerToClient, true)
		say(event.ConnectionLost{Party: event.Server, Why: "it reset the connection"})
		s.endHalf(event.ClientToServer, true)
		say(ended)
	case 3:
		s.relay(event.ServerToClient, message('E', "SFATAL\x00VFATAL\x00C57P01\x00Mterminating connection\x00\x00"))
		s.endHalf(event.ServerToClient, false)
		say(event.HungUp{Party: event.Server})
		s.endHalf(event.ClientToServer, false)
		say(ended)
	case 4:
		say(event.Stopping{})
		s.endHalf(event.ClientToServer, false)
		s.endHalf(event.ServerToClient, false)
		say(ended)
	case 5: // in the middle of a message
		s.relay(event.ServerToClient, message('D', "\x00\x01\x00\x00\x01\x00text")[:12])
		s.endHalf(event.ServerToClient, false)
		say(event.HungUp{Party: event.Server, How: " in the middle of a message"})
		say(ended)
	case 6:
		s.endHalf(event.ClientToServer, false)
		say(event.HungUp{Party: event.Client})
		if len(s.lines) > 0 && s.lines[0].server {
			s.relay(event.ServerToClient, s.lines[0].data)
		}
		s.endHalf(event.ServerToClient, false)
		say(ended)
	}
}

// endHalf ends a direction.
func (s *scene) endHalf(d event.Direction, broken bool) {
	s.watch.End(d, s.pending[d])
	s.stamp(event.Event{Kind: event.End, Direction: d, Data: s.pending[d], Broken: broken})
	s.pending[d] = nil
}

// work is what findings are about.
func (p *play) work() (all []write) {
	p.names++
	switch p.r.IntN(7) {
	case 0:
		return p.loop(false)
	case 1:
		return p.loop(true)
	case 2: // an error again and again
		for range 12 {
			all = append(all, ask("select 1/0"), answer(failure, isReady))
		}
		return all
	case 3: // in a transaction, which an error ends
		all = append(all, ask("begin"), answer(tag("BEGIN"), message('Z', "T")))
		all = append(all, p.pipeline(p.r.IntN(4), "T")...)
		return append(all, ask("rollback"), answer(tag("ROLLBACK"), isReady))
	case 4:
		return p.pipeline(p.r.IntN(4), "I")
	case 5: // the same again
		for range 8 {
			all = append(all, ask("select now_is_the_time from t where a = 'x'"), answer(described("x"), message('D', "\x00\x01"+sized("y")), tag("SELECT 1"), isReady))
		}
		return all
	}
	return []write{
		ask("set application_name to 'worker'"), answer(tag("SET"), message('S', "application_name\x00worker\x00"), isReady),
		ask("create role bob password 'swordfish'"), answer(tag("CREATE ROLE"), isReady),
	}
}

func ask(sql string) write { return write{false, message('Q', sql+"\x00")} }

func answer(messages ...[]byte) write { return write{true, slices.Concat(messages...)} }

// loop asks for the rows of a table, and then for something with each of its values.
func (p *play) loop(prepared bool) []write {
	var words []string
	for range 6 + p.r.IntN(8) {
		words = append(words, fmt.Sprintf("%08x", p.r.Uint32()))
	}
	rows := [][]byte{described("word")}
	for _, w := range words {
		rows = append(rows, message('D', "\x00\x01"+sized(w)))
	}
	all := []write{ask(fmt.Sprintf("select word from words_%d", p.names)), answer(append(rows, tag(fmt.Sprintf("SELECT %d", len(words))), isReady)...)}
	found := answer(described("n"), message('D', "\x00\x01"+sized("1")), tag("SELECT 1"), isReady)
	name := fmt.Sprintf("loop%d\x00", p.names)
	if prepared {
		all = append(all, write{false, slices.Concat(message('P', name+"select n from counts where word = $1\x00\x00\x00"), message('D', "S"+name), syncing)},
			answer(message('1', ""), message('t', "\x00\x01\x00\x00\x00\x19"), described("n"), isReady))
	}
	for _, w := range words {
		if !prepared {
			all = append(all, ask("select n from counts where word = '"+w+"'"), found)
			continue
		}
		all = append(all, write{false, slices.Concat(message('B', "\x00"+name+"\x00\x00\x00\x01"+sized(w)+"\x00\x00"), message('E', "\x00\x00\x00\x00\x00"), syncing)},
			answer(message('2', ""), message('D', "\x00\x01"+sized("1")), tag("SELECT 1"), isReady))
	}
	return all
}

// pipeline has four statements in one round trip, of which one fails, or none does. Some servers go
// on behind it.
func (p *play) pipeline(failing int, status string) []write {
	goesOn := p.r.IntN(3) == 0
	var asks, answers [][]byte
	failed := false
	for i := range 4 {
		sql := fmt.Sprintf("insert into t values (%d) -- %s", i, strings.Repeat("x", p.r.IntN(50)))
		asks = append(asks, message('P', "\x00"+sql+"\x00\x00\x00"), message('B', "\x00\x00\x00\x00\x00\x00\x00\x00"), message('E', "\x00\x00\x00\x00\x00"))
		switch {
		case failed && !goesOn:
		case i == failing && p.r.IntN(4) > 0:
			answers = append(answers, message('1', ""), message('2', ""), failure)
			failed = true
		default:
			answers = append(answers, message('1', ""), message('2', ""), tag("INSERT 0 1"))
		}
	}
	if failed && status == "T" {
		status = "E"
	}
	return []write{{false, slices.Concat(append(asks, syncing)...)}, answer(append(answers, message('Z', status))...)}
}
