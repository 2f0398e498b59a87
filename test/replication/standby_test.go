//go:build unix

package replication

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pgpi/internal/wire"
	"pgpi/test/servers"
)

// TestStandby makes a standby from a base backup, follows it with pg_receivewal, and promotes it.
// Its timeline ends, and the next one is named.
func TestStandby(t *testing.T) {
	part(t)
	primary := startServer(t, 15, nil)
	w, conn := tap(t, primary.Version, primary.Port), connect(t, primary.URL())
	folder := ownFolder(t, primary, "standby")
	program(t, asOwner(t, primary, command(t, "pg_basebackup", "-d", w.conninfo(), "-D", folder, "-R", "-X", "stream", "--checkpoint=fast", "--progress")))
	w.demand(wire.BackupNewArchive, wire.BackupManifest, wire.BackupData, wire.BackupProgress, wire.XLogData)

	port := servers.ReservePort(t)
	stop := runServer(t, primary, folder, port, "hot_standby_feedback=on", "wal_receiver_status_interval=1")
	w.wait(wire.HotStandbyFeedback, 1)
	execute(t, conn, "CREATE TABLE orders (id int)", "INSERT INTO orders SELECT generate_series(1, 20000)")
	standby := reach(t, port)
	w2 := tap(t, primary.Version, port)
	archive := ownFolder(t, primary, "archive")
	follow := background(t, asOwner(t, primary, command(t, "pg_receivewal", "-d", w2.conninfo(), "-D", archive, "--status-interval=1", "--no-loop")))
	w2.wait(wire.XLogData, 1)
	w2.wait(wire.StandbyStatusUpdate, 1)
	await(t, standby, "SELECT count(*)::text FROM orders", "20000")
	execute(t, standby, "SELECT pg_promote()")
	w2.until("the next timeline", func() bool { return strings.Contains(w2.log.String(), `"next_tli\x00" = column name`) })
	w2.until("streaming of the next timeline", func() bool { return w2.seen[wire.CopyBothResponse] > 1 })
	execute(t, standby, "INSERT INTO orders VALUES (0)")
	follow(syscall.SIGINT)
	stop(syscall.SIGINT)
	w.demand(wire.StandbyStatusUpdate)
}

// reach connects to a server that has just been started.
func reach(t *testing.T, port int) *pgx.Conn {
	t.Helper()
	url := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	var err error
	for limit := time.Now().Add(hang); time.Now().Before(limit); {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(t.Context(), url); err == nil {
			t.Cleanup(func() { _ = conn.Close(context.Background()) }) // its server is gone by then
			return conn
		}
		time.Sleep(20 * time.Millisecond) // no event says that a server accepts connections
	}
	t.Fatal(err)
	return nil
}
