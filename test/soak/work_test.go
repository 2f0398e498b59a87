package soak

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/test/program"
)

// load is everything that happens at once. It returns when the time is over and all conversations
// have ended.
func (s *soak) load() {
	s.run("pgbench", s.server.Port, "pgbench", "-i", "-q", "-s", "1")
	var all sync.WaitGroup
	for kind, work := range map[string]func(*soak) error{
		"COPY out": (*soak).copyOut, "COPY in": (*soak).copyIn, "LISTEN and NOTIFY": (*soak).listen, "cancel": (*soak).cancel,
		"short connection": (*soak).churn, "pipeline": (*soak).pipeline, "large value": (*soak).largeValue,
		"killed by the client": (*soak).victimOfClient, "killed by the server": (*soak).victimOfServer,
	} {
		all.Go(func() {
			for s.over.Err() == nil && !s.Failed() {
				s.converse(kind, func() error { return work(s) })
			}
		})
	}
	deadline, _ := s.over.Deadline()
	seconds := fmt.Sprint(max(1, int(time.Until(deadline).Seconds())))
	for _, mode := range []string{"simple", "extended", "prepared"} {
		all.Go(func() {
			s.run("pgbench "+mode, s.pgpi.Port, "pgbench", "-n", "-c", "2", "-R", "50", "-M", mode, "-T", seconds)
		})
	}
	all.Go(s.randomQueries)
	all.Wait()
}

// converse has one conversation, and counts it.
func (s *soak) converse(kind string, work func() error) {
	if err := work(); err != nil {
		s.Errorf("%s: %v", kind, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done[kind]++
}

// run runs one of PostgreSQL's own programs.
func (s *soak) run(kind string, port int, name string, args ...string) {
	cmd := exec.CommandContext(s.Context(), s.programs[name], append(args, "-h", "127.0.0.1", "-p", fmt.Sprint(port), "-U", "postgres", "postgres")...)
	s.converse(kind, func() error {
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, said)
		}
		return nil
	})
}

// randomQueries are those of sqlsmith, which break the rules of SQL but not those of the protocol.
func (s *soak) randomQueries() {
	for seed := 1; s.over.Err() == nil && !s.Failed(); seed++ {
		target := fmt.Sprintf("host=127.0.0.1 port=%d user=smith dbname=postgres", s.pgpi.Port)
		cmd := exec.CommandContext(s.Context(), s.programs["sqlsmith"], "--target="+target, "--max-queries=50", fmt.Sprintf("--seed=%d", seed))
		s.converse("sqlsmith", func() error {
			said, err := cmd.CombinedOutput()
			switch {
			case bytes.Contains(said, []byte("BROKEN CONNECTION")):
				return fmt.Errorf("a connection broke: %s", said)
			case err != nil && !bytes.Contains(said, []byte("statement timeout")): // it may strike while sqlsmith reads the catalogs
				return fmt.Errorf("%w: %s", err, said)
			}
			return nil
		})
	}
}

// connect connects through pgpi, with or without TLS.
func (s *soak) connect() (*pgconn.PgConn, error) {
	sslmode := []string{"disable", "require"}[rand.IntN(2)]
	ctx, cancel := context.WithTimeout(s.Context(), program.Hang)
	defer cancel()
	config, err := pgconn.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=%s", s.pgpi.Port, sslmode))
	if err != nil {
		return nil, err
	}
	var last string
	config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) { last = n.Payload }
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err == nil {
		conn.CustomData()[heard] = &last
	}
	return conn, err
}

// with opens a connection for something, and closes it properly.
func (s *soak) with(do func(ctx context.Context, conn *pgconn.PgConn) error) error {
	conn, err := s.connect()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.Context(), program.Hang)
	defer cancel()
	if err := do(ctx, conn); err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	return conn.Close(ctx)
}

// Queries whose answers are known.
const (
	copyOutSQL = "copy (select i, v from numbers order by i) to stdout"
	churnSQL   = "select md5(string_agg(v, '')) from (select v from numbers order by i limit 100) n"
	largeSQL   = "select repeat('0123456789', 300000)"
)

// learn asks the server itself for the answers.
func (s *soak) learn() {
	s.Helper()
	conn, err := pgconn.Connect(s.Context(), fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable", s.server.Port))
	if err != nil {
		s.Fatal(err)
	}
	for _, sql := range []string{churnSQL, largeSQL} {
		if s.expected[sql], err = value(s.Context(), conn, sql); err != nil {
			s.Fatal(err)
		}
	}
	hash := sha256.New()
	if _, err := conn.CopyTo(s.Context(), hash, copyOutSQL); err != nil {
		s.Fatal(err)
	}
	s.expected[copyOutSQL] = fmt.Sprintf("%x", hash.Sum(nil))
	if err := conn.Close(s.Context()); err != nil {
		s.Fatal(err)
	}
}

// value returns the only value in a result.
func value(ctx context.Context, conn *pgconn.PgConn, sql string) (string, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return "", err
	}
	if last := results[len(results)-1]; len(last.Rows) == 1 {
		return string(last.Rows[0][0]), nil
	}
	return "", fmt.Errorf("%s: %d results, and not one row in the last", sql, len(results))
}

// same compares a result with what the server said without pgpi.
func (s *soak) same(sql, got string) error {
	if want := s.expected[sql]; got != want {
		return fmt.Errorf("%s: got %.50s… of %d bytes instead of %.50s… of %d", sql, got, len(got), want, len(want))
	}
	return nil
}

func (s *soak) copyOut() error {
	return s.with(func(ctx context.Context, conn *pgconn.PgConn) error {
		hash := sha256.New()
		if _, err := conn.CopyTo(ctx, hash, copyOutSQL); err != nil {
			return err
		}
		return s.same(copyOutSQL, fmt.Sprintf("%x", hash.Sum(nil)))
	})
}

func (s *soak) copyIn() error {
	return s.with(func(ctx context.Context, conn *pgconn.PgConn) error {
		if _, err := conn.Exec(ctx, "create temp table copied (i int, v text)").ReadAll(); err != nil {
			return err
		}
		var rows strings.Builder
		for i := range 20000 {
			fmt.Fprintf(&rows, "%d\t%d\n", i, i*i)
		}
		if _, err := conn.CopyFrom(ctx, strings.NewReader(rows.String()), "copy copied from stdin"); err != nil {
			return err
		}
		got, err := value(ctx, conn, "select count(*) || ' ' || sum(v::bigint) filter (where v = (i::bigint * i)::text) from copied")
		if want := "20000 2666466670000"; err == nil && got != want {
			err = fmt.Errorf("copied: %s instead of %s", got, want)
		}
		return err
	})
}

// listen receives all notifications, in order.
func (s *soak) listen() error {
	return s.with(func(ctx context.Context, listener *pgconn.PgConn) error {
		if _, err := listener.Exec(ctx, "listen news").ReadAll(); err != nil {
			return err
		}
		return s.with(func(ctx context.Context, teller *pgconn.PgConn) error {
			for i := range 20 {
				payload := fmt.Sprintf("%d of %d", i, teller.PID())
				told := teller.ExecParams(ctx, "select pg_notify('news', $1)", [][]byte{[]byte(payload)}, nil, nil, nil)
				if _, err := told.Close(); err != nil {
					return err
				}
				if err := listener.WaitForNotification(ctx); err != nil {
					return err
				}
				if heard := *listener.CustomData()[heard].(*string); heard != payload {
					return fmt.Errorf("heard %q after %q was told", heard, payload)
				}
			}
			return nil
		})
	})
}

// heard returns the name of the last notification, which the connection keeps.
const heard = "heard"

// cancel ends a statement that would take a minute.
func (s *soak) cancel() error {
	return s.with(func(ctx context.Context, conn *pgconn.PgConn) error {
		var canceling sync.WaitGroup
		over := make(chan struct{})
		canceling.Go(func() {
			for pause := time.Duration(rand.IntN(50)) * time.Millisecond; ; pause = 50 * time.Millisecond { // at any time; what comes too early has no effect
				select {
				case <-over:
					return
				case <-time.After(pause):
					_ = conn.CancelRequest(ctx) // a failure shows in the statement
				}
			}
		})
		_, err := conn.Exec(ctx, "select pg_sleep(60)").ReadAll()
		close(over)
		canceling.Wait()
		var told *pgconn.PgError
		if !errors.As(err, &told) || told.Code != "57014" {
			return fmt.Errorf("a canceled statement ends with %w", err)
		}
		return nil
	})
}

func (s *soak) churn() error {
	return s.with(func(ctx context.Context, conn *pgconn.PgConn) error {
		got, err := value(ctx, conn, churnSQL)
		return errors.Join(err, s.same(churnSQL, got))
	})
}

func (s *soak) largeValue() error {
	return s.with(func(ctx context.Context, conn *pgconn.PgConn) error {
		got, err := value(ctx, conn, largeSQL)
		return errors.Join(err, s.same(largeSQL, got))
	})
}

// pipeline sends many queries before it reads any answer. Some fail.
func (s *soak) pipeline() error {
	return s.with(func(ctx context.Context, conn *pgconn.PgConn) error {
		const n = 200
		p := conn.StartPipeline(ctx)
		for i := range n {
			p.SendQueryParams("select 1000 / $1::int", [][]byte{[]byte(fmt.Sprint(i % 10))}, nil, nil, nil)
			p.SendPipelineSync()
		}
		if err := p.Flush(); err != nil {
			return err
		}
		for i := 0; i < n; {
			results, err := p.GetResults()
			var told *pgconn.PgError
			if errors.As(err, &told) && told.Code == "22012" && i%10 == 0 {
				i++
				continue
			} else if err != nil {
				return fmt.Errorf("query %d: %w", i, err)
			}
			if r, ok := results.(*pgconn.ResultReader); ok {
				got := r.Read()
				if got.Err != nil || len(got.Rows) != 1 || string(got.Rows[0][0]) != fmt.Sprint(1000/(i%10)) {
					return fmt.Errorf("query %d: %q (%w)", i, got.Rows, got.Err)
				}
				i++
			}
		}
		return p.Close()
	})
}

// victimOfClient resets, closes or half-closes the connection in the middle of a large result.
func (s *soak) victimOfClient() error {
	conn, err := s.connect()
	if err != nil {
		return err
	}
	raw, err := conn.Hijack()
	if err != nil {
		return err
	}
	sql := copyOutSQL + "\x00"
	query := append([]byte{'Q', 0, 0, 0, byte(len(sql) + 4)}, sql...)
	if rand.IntN(2) == 0 {
		_, _ = raw.Conn.Write(query[:rand.IntN(len(query))]) // only the end matters
	} else {
		_, _ = raw.Conn.Write(query)                            // likewise
		_, _ = io.ReadAtLeast(raw.Conn, make([]byte, 1<<16), 1) // likewise
	}
	if tcp, ok := raw.Conn.(*net.TCPConn); ok && rand.IntN(2) == 0 {
		_ = tcp.SetLinger(0) // likewise
	}
	_ = raw.Conn.Close() // likewise
	return nil
}

// victimOfServer gets its server process ended in the middle of a large result.
func (s *soak) victimOfServer() error {
	conn, err := s.connect()
	if err != nil {
		return err
	}
	go func() {
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) // at any time
		_ = s.with(func(ctx context.Context, other *pgconn.PgConn) error {
			_, err := other.Exec(ctx, fmt.Sprintf("select pg_terminate_backend(%d)", conn.PID())).ReadAll()
			return err
		})
	}()
	for range 10_000 {
		if _, err := conn.CopyTo(s.Context(), io.Discard, copyOutSQL); err != nil {
			_ = conn.Close(s.Context()) // it is gone
			return nil                  //nolint:nilerr // that is what happens to a victim
		}
	}
	return errors.New("nobody ends it")
}

// checkBalances checks the sums that every transaction of pgbench keeps equal (documentation of
// pgbench, "What Is the “Transaction” Actually Performed in pgbench?").
func (s *soak) checkBalances() {
	s.Helper()
	conn, err := pgconn.Connect(s.Context(), fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable", s.server.Port))
	if err != nil {
		s.Fatal(err)
	}
	got, err := value(s.Context(), conn, `select concat_ws(' ', (select sum(delta) from pgbench_history), (select sum(abalance) from pgbench_accounts),
		(select sum(tbalance) from pgbench_tellers), (select sum(bbalance) from pgbench_branches), (select count(*) from pgbench_history))`)
	sums := strings.Fields(got)
	if err != nil || len(sums) != 5 || sums[0] != sums[1] || sums[0] != sums[2] || sums[0] != sums[3] {
		s.Errorf("the sums of pgbench's tables differ: %s (%v)", got, err)
	}
	s.Logf("pgbench leaves these sums, and transactions: %s", got)
	if err := conn.Close(s.Context()); err != nil {
		s.Error(err)
	}
}
