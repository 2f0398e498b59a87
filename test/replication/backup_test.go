//go:build unix

package replication

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/internal/wire"
)

// TestOldBackup has a server send an archive for each tablespace, without letters, as servers did
// up to 14.
func TestOldBackup(t *testing.T) {
	part(t)
	server := startServer(t, 14, nil)
	w, conn := tap(t, server.Version, server.Port), connect(t, server.URL())
	execute(t, conn, fmt.Sprintf("CREATE TABLESPACE other LOCATION '%s'", ownFolder(t, server, "space")), "CREATE TABLE orders (id int) TABLESPACE other")
	folder := ownFolder(t, server, "backup")
	program(t, asOwner(t, server, command(t, "pg_basebackup", "-d", w.conninfo(), "-D", folder, "-Ft", "-X", "none", "--checkpoint=fast")))
	w.demand(wire.BackupTar, wire.BackupManifestData)
	if !strings.Contains(w.text(), `"{ \"PostgreSQL-Backup-Manifest-Version\"`) {
		t.Error("the manifest is not taken for one")
	}
}

// TestIncrementalBackup is a client that sends the manifest of a backup back to the server, to get
// only what has changed. Servers have that from 17 on.
func TestIncrementalBackup(t *testing.T) {
	part(t)
	server := startServer(t, 18, map[string]string{"summarize_wal": "on"})
	w, conn := tap(t, server.Version, server.Port), connect(t, server.URL())
	execute(t, conn, "CREATE TABLE orders AS SELECT generate_series(1, 10000) AS id")
	c := openReplication(t, w)
	c.ask("IDENTIFY_SYSTEM", nil)
	c.ask("SHOW server_version", nil)
	c.ask("BASE_BACKUP (LABEL 'full', PROGRESS, CHECKPOINT 'fast', WAIT false, MANIFEST 'yes')", nil)
	full := c.size
	if len(c.manifest) == 0 {
		t.Fatal("the backup has no manifest")
	}
	execute(t, conn, "UPDATE orders SET id = -id WHERE id = 1")
	c.ask("UPLOAD_MANIFEST", c.manifest)
	c.ask("BASE_BACKUP (LABEL 'incremental', INCREMENTAL, CHECKPOINT 'fast', WAIT false, MANIFEST 'yes', MANIFEST_CHECKSUMS 'NONE')", nil)
	if c.size >= full {
		t.Errorf("the incremental backup has %d bytes, the full one %d", c.size, full)
	}
	w.demand(wire.BackupNewArchive, wire.BackupManifest, wire.BackupData, wire.BackupProgress, wire.UploadManifest)
}

// replicationClient is a client that speaks the replication protocol.
type replicationClient struct {
	t        *testing.T
	frontend *pgproto3.Frontend
	manifest []byte // of the last backup
	size     int    // of its archives
}

func openReplication(t *testing.T, w *wiretap) *replicationClient {
	t.Helper()
	config, err := pgconn.ParseConfig(fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable&replication=true", w.port))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &replicationClient{t: t, frontend: conn.Frontend()}
}

// ask sends a command, sends data if the server asks for it, and reads until the end.
func (c *replicationClient) ask(sql string, data []byte) {
	c.t.Helper()
	c.frontend.Send(&pgproto3.Query{String: sql})
	c.flush()
	inManifest := false
	for {
		m, err := c.frontend.Receive()
		if err != nil {
			c.t.Fatalf("%s: %v", sql, err)
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			c.t.Fatalf("%s: %s", sql, m.Message)
		case *pgproto3.CopyOutResponse:
			c.manifest, c.size = nil, 0
		case *pgproto3.CopyInResponse:
			half := len(data) / 2
			c.frontend.Send(&pgproto3.CopyData{Data: data[:half]})
			c.frontend.Send(&pgproto3.CopyData{Data: data[half:]})
			c.frontend.Send(&pgproto3.CopyDone{})
			c.flush()
		case *pgproto3.CopyData:
			switch letter := m.Data[0]; {
			case letter == 'm':
				inManifest = true
			case letter == 'd' && inManifest:
				c.manifest = append(c.manifest, m.Data[1:]...)
			case letter == 'd':
				c.size += len(m.Data) - 1
			}
		case *pgproto3.ReadyForQuery:
			return
		}
	}
}

func (c *replicationClient) flush() {
	c.t.Helper()
	if err := c.frontend.Flush(); err != nil {
		c.t.Fatal(err)
	}
}
