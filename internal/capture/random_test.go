package capture

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/pcapgo"

	"pgpi/internal/sink/pcapng"
)

// turn is a request with its reply.
type turn struct{ ask, answer [][]byte }

// randomTraffic is a conversation of a client with a server, as random as r makes it.
func randomTraffic(r *rand.Rand) []write {
	var all []write
	say := func(server bool, messages ...[]byte) {
		// What is said at once may be cut into writes, which may be of several messages.
		for len(messages) > 0 {
			n := 1 + r.IntN(len(messages))
			all = append(all, write{server, slices.Concat(messages[:n]...)})
			messages = messages[n:]
		}
	}
	if r.IntN(3) == 0 {
		say(false, []byte("\x00\x00\x00\x08\x04\xd2\x16\x2f"))
		say(true, []byte("N"))
	}
	replicates := r.IntN(8) == 0
	if replicates {
		say(false, untyped("\x00\x03\x00\x00user\x00me\x00replication\x00database\x00\x00"))
	} else {
		say(false, startup())
	}
	if r.IntN(2) == 0 {
		all = append(all, scramDialog()[1:7]...)
	} else {
		say(true, message('R', "\x00\x00\x00\x00"))
	}
	say(true, message('S', "TimeZone\x00UTC\x00"), message('S', "server_version\x0018.1\x00"),
		message('K', "\x00\x00\x00\x07"+string([]byte{byte(r.IntN(256)), 2, 3, 4})), message('Z', "I"))
	if replicates {
		for _, t := range randomReplication(r) {
			say(false, t.ask...)
			say(true, t.answer...)
		}
	}
	turns := randomTurns(r, 1+r.IntN(12))
	for len(turns) > 0 { // some are pipelined
		n := 1
		if r.IntN(3) == 0 {
			n = 1 + r.IntN(len(turns))
		}
		var ask, answer [][]byte
		for _, t := range turns[:n] {
			ask, answer = append(ask, t.ask...), append(answer, t.answer...)
		}
		say(false, ask...)
		say(true, answer...)
		turns = turns[n:]
	}
	if r.IntN(4) > 0 {
		say(false, message('X', ""))
	}
	return all
}

// untyped is a packet without a type byte.
func untyped(body string) []byte {
	n := 4 + len(body)
	return append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// value returns a value of some size.
func value(r *rand.Rand) string {
	size := []int{0, 1, 5, 30, 400, 3000, 70000}[min(r.IntN(7), r.IntN(8))]
	return strings.Repeat(string(rune('a'+r.IntN(26))), size)
}

func sized(s string) string {
	n := len(s)
	return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + s
}

func described(names ...string) []byte {
	body := string([]byte{0, byte(len(names))})
	for _, n := range names {
		body += n + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00"
	}
	return message('T', body)
}

// Messages of turns.
var (
	syncing  = message('S', "")
	isReady  = message('Z', "I")
	failure  = message('E', "SERROR\x00VERROR\x00C22012\x00Mdivision by zero\x00\x00")
	copyDone = message('c', "")
)

func tag(s string) []byte { return message('C', s+"\x00") }

func randomRow(r *rand.Rand) []byte { return message('D', "\x00\x01"+sized(value(r))) }

func randomRows(r *rand.Rand, most int, row func() []byte) (rows [][]byte) {
	for range r.IntN(most) {
		rows = append(rows, row())
	}
	return rows
}

// asked returns a Query with its reply.
func asked(sql string, answer ...[]byte) turn {
	return turn{[][]byte{message('Q', sql+"\x00")}, answer}
}

// randomTurns returns requests with their replies.
func randomTurns(r *rand.Rand, n int) (all []turn) {
	for i := range n {
		kind := r.IntN(len(turnKinds))
		all = append(all, turnKinds[kind](r, i)...)
	}
	return all
}

// turnKinds are the kinds of requests. Each takes the number of a request, for its names.
var turnKinds = []func(r *rand.Rand, i int) []turn{
	func(r *rand.Rand, i int) []turn {
		answer := append([][]byte{described(fmt.Sprintf("c%d", i))}, randomRows(r, 6, func() []byte { return randomRow(r) })...)
		return []turn{asked(fmt.Sprintf("select %d", i), append(answer, tag("SELECT"), isReady)...)}
	},
	func(*rand.Rand, int) []turn { return []turn{asked("select 1/0", failure, isReady)} },
	prepares, executes, executes,
	func(r *rand.Rand, i int) []turn { // an error long before its Sync
		var all [][]byte
		for range 1 + r.IntN(3) {
			all = append(all, message('P', fmt.Sprintf("\x00select %d\x00\x00\x00", i)), message('B', "\x00\x00\x00\x00\x00\x00\x00\x00"), message('E', "\x00\x00\x00\x00\x00"))
		}
		return []turn{
			{append(all, message('H', "")), [][]byte{message('1', ""), message('2', ""), failure}},
			{[][]byte{syncing}, [][]byte{isReady}},
		}
	},
	func(r *rand.Rand, _ int) []turn {
		answer := append([][]byte{message('H', "\x00\x00\x01\x00\x00")}, randomRows(r, 5, func() []byte { return message('d', value(r)+"\n") })...)
		return []turn{asked("copy t to stdout", append(answer, copyDone, tag("COPY 3"), isReady)...)}
	},
	func(r *rand.Rand, _ int) []turn {
		rows := randomRows(r, 4, func() []byte { return message('d', value(r)+"\n") })
		return []turn{
			asked("copy t from stdin", message('G', "\x00\x00\x01\x00\x00")),
			{append(rows, copyDone), [][]byte{tag("COPY 2"), isReady}},
		}
	},
	func(r *rand.Rand, _ int) []turn {
		answer := append([][]byte{message('H', "\x00\x00\x02\x00\x00\x00\x00"), message('d', "first,second\n")},
			randomRows(r, 5, func() []byte { return message('d', "\""+value(r)+"\",2\n") })...)
		return []turn{asked("copy t to stdout (format csv, header)", append(answer, copyDone, tag("COPY 3"), isReady)...)}
	},
	func(r *rand.Rand, _ int) []turn {
		answer := append([][]byte{message('H', "\x01\x00\x01\x00\x01"), message('d', "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"+sized(value(r)))},
			randomRows(r, 4, func() []byte { return message('d', "\x00\x01"+sized(value(r))) })...)
		return []turn{asked("copy t to stdout (format binary)", append(answer, message('d', "\xff\xff"), copyDone, tag("COPY 3"), isReady)...)}
	},
	func(*rand.Rand, int) []turn {
		return []turn{{[][]byte{message('F', "\x00\x00\x07\xea\x00\x00\x00\x00\x00\x01")}, [][]byte{message('V', "\x00\x00\x00\x01a"), isReady}}}
	},
	func(*rand.Rand, int) []turn {
		return []turn{asked("listen x", tag("LISTEN"), isReady, message('A', "\x00\x00\x00\x07x\x00\x00"))}
	},
	func(r *rand.Rand, _ int) []turn { // the server makes a mistake
		return []turn{asked("select 3", isReady, described("three"), randomRow(r), tag("SELECT 1"), isReady)}
	},
	func(r *rand.Rand, _ int) []turn {
		answer := [][]byte{message('N', "SNOTICE\x00Mhello\x00\x00"), described("one"), randomRow(r), tag("SELECT 1")}
		if r.IntN(2) == 0 {
			answer = append(answer, described("two"), randomRow(r), tag("SELECT 1"))
		}
		return []turn{asked("select 1; select 2", append(answer, isReady)...)}
	},
}

func prepares(r *rand.Rand, i int) []turn {
	name := fmt.Sprintf("s%d\x00", r.IntN(3))
	return []turn{{
		[][]byte{message('P', name+fmt.Sprintf("select %d where $1\x00\x00\x00", i)), message('D', "S"+name), syncing},
		[][]byte{message('1', ""), message('t', "\x00\x01\x00\x00\x00\x19"), described(fmt.Sprintf("p%d", i)), isReady},
	}}
}

func executes(r *rand.Rand, _ int) []turn {
	name := fmt.Sprintf("s%d\x00", r.IntN(3))
	t := turn{
		[][]byte{message('B', "\x00"+name+"\x00\x00\x00\x01"+sized(value(r))+"\x00\x00"), message('E', "\x00\x00\x00\x00\x00"), syncing},
		append(append([][]byte{message('2', "")}, randomRows(r, 4, func() []byte { return randomRow(r) })...), tag("SELECT"), isReady),
	}
	if r.IntN(5) == 0 {
		t.answer = [][]byte{failure, isReady}
	}
	return []turn{t}
}

// randomReplication returns a stream of changes.
func randomReplication(r *rand.Rand) []turn {
	const position = "\x00\x00\x00\x00\x01\x6b\x37\x4d"
	data := func(body string) []byte { return message('d', "w"+position+position+position+body) }
	stream := asked(`START_REPLICATION SLOT "s" LOGICAL 0/0 (proto_version '4', streaming 'on', publication_names '"p"')`, message('W', "\x00\x00\x00"))
	xid := ""
	relation := func() []byte {
		return data("R" + xid + "\x00\x00\x40\x01public\x00bird\x00d\x00\x01\x01id\x00\x00\x00\x00\x17\xff\xff\xff\xff")
	}
	for range 2 + r.IntN(8) {
		switch r.IntN(6) {
		case 0:
			stream.answer = append(stream.answer, relation())
		case 1:
			if xid == "" {
				xid = "\x00\x00\x03\x00"
				stream.answer = append(stream.answer, data("S\x00\x00\x03\x00\x01"), relation())
			} else {
				xid = ""
				stream.answer = append(stream.answer, data("E"))
			}
		case 2:
			stream.answer = append(stream.answer, message('d', "k"+position+position+"\x00"))
		default:
			stream.answer = append(stream.answer, data("I"+xid+"\x00\x00\x40\x01N\x00\x01t"+sized(value(r))))
		}
	}
	return []turn{stream, {[][]byte{copyDone}, [][]byte{copyDone, tag("COPY 0"), isReady}}}
}

// randomCapture returns a capture of some connections, with the faults that captures have.
func randomCapture(t testing.TB, r *rand.Rand, told *truth) string {
	t.Helper()
	var all []wirePacket
	for i := range 1 + r.IntN(3) {
		w := newCable()
		w.clientPort += uint16(i)
		w.now = w.now.Add(time.Duration(r.IntN(2_000)) * time.Microsecond)
		w.segment = []int{1448, 1448, 200, 60000}[r.IntN(4)]
		switch r.IntN(12) {
		case 0:
			w.converse(t, []write{{false, []byte("GET / HTTP/1.1\r\n\r\n")}, {true, []byte("HTTP/1.1 400 Bad Request\r\n\r\n")}})
		case 1:
			w.converse(t, []write{{false, clientHello("db.test", "postgresql")}, {true, serverHelloOf()}, {true, tlsData}, {false, tlsData}})
		case 2:
			traffic := randomTraffic(r)
			at := r.IntN(len(traffic))
			traffic[at].data = append(slices.Clone(traffic[at].data), "\xff\xff garbage"...)
			w.converse(t, traffic)
		default:
			w.converse(t, randomTraffic(r))
		}
		all = append(all, harm(t, r, w)...)
		whole, _ := readAgain(t, pcapng.Options{}, pcap(t, w.link, w.packets))
		told.learn(whole.events)
	}
	slices.SortStableFunc(all, func(a, b wirePacket) int { return a.at.Compare(b.at) })
	return pcap(t, newCable().link, all)
}

// harm returns the packets of a connection as a capture may have them: not from the beginning, not
// to the end, with losses, or without their ends.
func harm(t testing.TB, r *rand.Rand, w *cable) []wirePacket {
	t.Helper()
	packets := slices.Clone(w.packets)
	switch r.IntN(6) {
	case 0: // it was joined
		packets = packets[r.IntN(len(packets)):]
	case 1: // it continues
		packets = packets[:1+r.IntN(len(packets))]
	case 2: // it is broken off
		packets = packets[:3+r.IntN(len(packets)-3)]
		w.send(t, r.IntN(2) == 0, "R", nil)
		packets = append(packets, w.packets[len(w.packets)-1])
	}
	if loss := r.IntN(4); loss > 0 {
		packets = slices.DeleteFunc(packets, func(wirePacket) bool { return r.IntN(100) < loss*loss*2 })
	}
	if r.IntN(4) == 0 { // tcpdump -s
		length := 54 + r.IntN(150)
		for i := range packets {
			packets[i].whole = len(packets[i].data)
			packets[i].data = packets[i].data[:min(length, len(packets[i].data))]
		}
	}
	return packets
}

// randomRecording returns a recording that pgpi has made live, with what someone may have done to
// it.
func randomRecording(t testing.TB, r *rand.Rand, told *truth) []string {
	t.Helper()
	p := newProxy(r.Uint64())
	traffic := randomTraffic(r)
	if len(traffic[0].data) == 8 { // an SSLRequest, which the proxy answers itself
		traffic = traffic[2:]
	}
	p.converse(1+r.IntN(3), traffic)
	told.learn(p.events)
	files := record(t, pcapng.Options{Rotate: []int64{0, 8_000, 40_000}[r.IntN(3)]}, p.events)
	at := r.IntN(len(files))
	switch r.IntN(6) {
	case 0: // a file is missing
		if len(files) > 2 && at > 0 {
			files = slices.Delete(files, at, at+1)
		}
	case 1: // pgpi was killed
		content, err := os.ReadFile(files[at])
		if err != nil {
			t.Fatal(err)
		}
		files = append(files[:at:at], file(t, content[:len(content)/2+r.IntN(len(content)/2)]))
	case 2: // packets were removed
		told.edited = true
		files[at] = edit(t, files[at], func(int) bool { return r.IntN(12) > 0 })
	}
	return files
}

// edit makes a recording of those packets of another one that keep selects. They are numbered from
// 1.
func edit(t testing.TB, name string, keep func(number int) bool) string {
	t.Helper()
	in, _, err := open(name)
	if err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(t.TempDir(), "edited.pcapng")
	out, err := os.Create(edited)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() //nolint:errcheck // what matters is the write
	w, err := pcapgo.NewNgWriterInterface(out, pcapgo.DefaultNgInterface, pcapgo.NgWriterOptions{SectionInfo: in.ng.SectionInfo()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddInterface(pcapgo.NgInterface{LinkType: linkRaw}); err != nil {
		t.Fatal(err)
	}
	for i := 1; in.err == nil; i++ {
		if keep(i) {
			info := gopacket.CaptureInfo{Timestamp: in.packet.at, CaptureLength: len(in.packet.data), Length: len(in.packet.data), InterfaceIndex: 1}
			if err := w.WritePacketWithOptions(info, in.packet.data, pcapgo.NgPacketOptions{Comments: in.packet.comments}); err != nil {
				t.Fatal(err)
			}
		}
		in.next()
	}
	if err := errors.Join(w.Flush(), in.close()); err != nil {
		t.Fatal(err)
	}
	return edited
}
