package faults

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgpi/test/program"
)

// stallTime is how long a party reads nothing: PGPI_STALL, such as 30s, or a time that is short
// enough to wait.
var stallTime = duration("PGPI_STALL", 3*time.Second)

func duration(variable string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv(variable)); err == nil {
		return d
	}
	return otherwise
}

// memoryLimit is how much memory pgpi may ever have while it relays a few connections, in bytes.
const memoryLimit = 96 << 20

// TestStalls has one party read nothing for a while, until all queues between the two are full. In
// the end every byte has arrived, and pgpi has held few of them.
func TestStalls(t *testing.T) {
	t.Parallel()
	for _, f := range []fault{
		{name: "client reads nothing for a while", play: stallingClient},
		{name: "server reads nothing for a while", play: stallingServer},
	} {
		f.section = "Faults under way"
		t.Run(strings.ReplaceAll(f.name, " ", "_"), f.run)
	}
}

// stallingClient asks for 40 MB, and reads them late.
func stallingClient(p *place) string {
	s := p.speak().logIn()
	s.send(queryMessage("copy (select i, md5(i::text) from generate_series(1, 1000000) i) to stdout"))
	time.Sleep(stallTime) // this is the fault
	hash, size, b := sha256.New(), 0, make([]byte, 1<<20)
	for n := 0; !bytes.HasSuffix(b[:n], readyForQuery); {
		var err error
		if n, err = io.ReadAtLeast(s.conn, b, len(readyForQuery)); err != nil {
			p.Fatalf("after %d bytes: %v", size, err)
		}
		hash.Write(b[:n])
		size += n
	}
	checkMemory(p)
	return fmt.Sprintf("%d bytes with SHA-256 %.8x…", size, hash.Sum(nil))
}

// stallingServer sends 40 MB to a COPY whose first row waits for a lock.
func stallingServer(p *place) string {
	control := connectTo(p, addressOf(shared.start(p.T)))
	defer leave(p, control)
	ask(p, control, `drop table if exists stalled; create table stalled (i int, v text); select pg_advisory_lock(1);
		create or replace function wait() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(1); return new; end $$;
		create trigger wait before insert on stalled for each row when (new.i = 1) execute function wait()`)
	conn := p.connect()
	defer leave(p, conn)
	rows := &rowSource{last: 1_000_000}
	done := make(chan error, 1)
	go func() {
		_, err := conn.CopyFrom(p.Context(), rows, "copy stalled from stdin")
		done <- err
	}()
	rows.waitUntilFull(p)
	time.Sleep(stallTime) // this is the fault
	ask(p, control, "select pg_advisory_unlock(1)")
	if err := <-done; err != nil {
		p.Fatal(err)
	}
	checkMemory(p)
	return ask(p, control, "select count(*) || ' rows with hash ' || sum(hashtext(i || v)::bigint) from stalled")
}

// rowSource produces rows in the format of COPY.
type rowSource struct {
	next, last int
	given      atomic.Int64
}

func (r *rowSource) Read(b []byte) (n int, err error) {
	for ; r.next < r.last && len(b)-n > 50; r.next++ {
		n += copy(b[n:], fmt.Sprintf("%d\tthis is the value of row %d\n", r.next+1, r.next+1))
	}
	r.given.Add(int64(n))
	if n == 0 {
		err = io.EOF
	}
	return n, err
}

// waitUntilFull returns when nothing has been taken for a moment.
func (r *rowSource) waitUntilFull(p *place) {
	p.Helper()
	last := int64(-1)
	await(p, "stall", func() bool {
		time.Sleep(300 * time.Millisecond) // no event says that queues are full
		now := r.given.Load()
		full := now == last && now > 0
		last = now
		return full
	})
	if r.given.Load() > 35<<20 {
		p.Error("everything fits into the queues: send more")
	}
}

// checkMemory checks the peak of pgpi's memory.
func checkMemory(p *place) {
	p.Helper()
	if p.pgpi != nil {
		checkPeak(p.T, p.pgpi, memoryLimit)
	}
}

func checkPeak(t *testing.T, p *program.Pgpi, limit int64) {
	t.Helper()
	_, most := p.Memory()
	t.Logf("pgpi has needed %d MiB at most", most>>20)
	if most > limit {
		t.Errorf("pgpi has needed %d MiB, more than %d", most>>20, limit>>20)
	}
}
