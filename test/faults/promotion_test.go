package faults

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
	"pgpi/test/program"
	"pgpi/test/servers"
)

// TestPromotion promotes a standby while somebody receives its WAL. The timeline ends, and the
// receiver continues with the next.
func TestPromotion(t *testing.T) {
	t.Parallel()
	primary, err := localpg.Start(t.Context(), localpg.Config{Bin: servers.Require(t, 15)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := primary.Close(); err != nil {
			t.Error(err)
		}
	})
	behind := startStandby(t, primary)
	direct := promote(&place{T: t, address: behind}, primary, behind)
	behind = startStandby(t, primary)
	p := relayTo(t, behind)
	through := promote(&place{T: t, address: address{"127.0.0.1", p.Port}, pgpi: p}, primary, behind)
	if direct != through {
		t.Errorf("the receiver said, without pgpi:\n%s\nwith pgpi:\n%s", direct, through)
	}
	said := sentences(p.Log.Sentences(t, "#1"))
	p.Stop()
	faultTable.has(t, row{"Faults under way", "standby promoted under a WAL receiver", direct, through, said})
}

// asOwner makes a program run as the user that a server runs as, which PostgreSQL requires for
// touching its files.
func asOwner(t *testing.T, server *localpg.Server, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	owner := ownerOf(t, server)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	cmd.Dir = "/"
	return cmd
}

func ownerOf(t *testing.T, server *localpg.Server) *syscall.Stat_t {
	t.Helper()
	info, err := os.Stat(server.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t)
}

// ownFolder makes a folder that belongs to that user.
func ownFolder(t *testing.T, server *localpg.Server) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "pgpi-standby-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	owner := ownerOf(t, server)
	if err := os.Chown(folder, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	return folder
}

// startStandby makes a standby from a base backup, and returns when it accepts connections.
func startStandby(t *testing.T, primary *localpg.Server) address {
	t.Helper()
	folder := ownFolder(t, primary)
	backup := exec.Command(servers.Program(t, "pg_basebackup"), "-h", primary.Host, "-p", fmt.Sprint(primary.Port), "-U", "postgres",
		"-D", folder, "-R", "--checkpoint=fast", "--no-sync")
	if said, err := asOwner(t, primary, backup).CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v: %s", err, said)
	}
	a := nobody(t)
	cmd := asOwner(t, primary, exec.Command(filepath.Join(primary.Bin, "postgres"), "-D", folder, "-p", fmt.Sprint(a.port),
		"-c", "unix_socket_directories=", "-c", "listen_addresses="+a.host, "-c", "shared_buffers=16MB", "-c", "fsync=off",
		"-c", "config_file="+filepath.Join(folder, "postgresql.conf"), "-c", "hba_file="+filepath.Join(folder, "pg_hba.conf")))
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT) // immediate shutdown; fails where it has ended
		_ = cmd.Wait()                          // likewise
	})
	p := &place{T: t}
	await(p, "standby", func() bool {
		conn, err := net.Dial("tcp", net.JoinHostPort(a.host, fmt.Sprint(a.port)))
		if err != nil {
			return false
		}
		_ = conn.Close() // it was only to know
		control, err := pgconn.Connect(t.Context(), fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres sslmode=disable", a.host, a.port))
		if err == nil {
			leave(p, control)
		}
		return err == nil
	})
	return a
}

// A location is a position in the WAL, and a segment is a file of it.
var (
	location = regexp.MustCompile(`[0-9A-F]+/[0-9A-F]+`)
	segment  = regexp.MustCompile(`[0-9A-F]{24}`)
)

// writeWAL makes the standby have WAL in the segment in which its timeline will end. Otherwise it depends on
// the background writer whether the receiver has begun that segment.
func writeWAL(p *place, primary *localpg.Server, standby *pgconn.PgConn) {
	p.Helper()
	control := connectTo(p, addressOf(primary))
	at := ask(p, control, "select pg_logical_emit_message(true, 'pgpi', 'some WAL')")
	leave(p, control)
	await(p, "WAL in the standby", func() bool { return ask(p, standby, "select pg_last_wal_replay_lsn() >= '"+at+"'") == "t" })
}

// promote promotes the standby that a receiver follows, and returns what the receiver said.
func promote(p *place, owner *localpg.Server, standby address) string {
	p.Helper()
	archive := ownFolder(p.T, owner)
	control := connectTo(p, standby)
	writeWAL(p, owner, control)
	receiver := asOwner(p.T, owner, exec.Command(servers.Program(p, "pg_receivewal"), "-v", "--no-loop", "--no-sync", "-D", archive,
		"-d", fmt.Sprintf("host=%s port=%d user=postgres sslmode=disable", p.host, p.port)))
	said := new(program.Buffer)
	receiver.Stderr = said
	defer func() {
		if p.Failed() {
			p.Logf("the receiver said: %s", said)
		}
	}()
	if err := receiver.Start(); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { _ = receiver.Process.Kill() }) // fails where it has ended
	awaitFile := func(what, pattern string) {
		await(p, what, func() bool {
			files, _ := filepath.Glob(filepath.Join(archive, pattern)) // fails only for a bad pattern
			return len(files) > 0
		})
	}
	awaitFile("WAL of the first timeline", "00000001*.partial")
	ask(p, control, "select pg_promote()")
	await(p, "stream of the next timeline", func() bool { return strings.Contains(said.String(), "switched to timeline 2") })
	ask(p, control, "create table after_promotion (i int)")
	leave(p, control)
	awaitFile("WAL of the next timeline", "00000002*.partial")
	_ = receiver.Process.Signal(syscall.SIGINT) // fails where it has ended
	_ = receiver.Wait()                         // it may say that it was interrupted
	words, _, _ := strings.Cut(strings.ReplaceAll(said.String(), "pg_receivewal: ", ""), "received interrupt")
	words = segment.ReplaceAllString(location.ReplaceAllString(words, "<lsn>"), "<segment>")
	return strings.ReplaceAll(strings.TrimSpace(words), "\n", " / ")
}
