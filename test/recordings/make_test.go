package recordings

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgpi/test/program"
)

// maker makes a recording.
type maker struct {
	*testing.T
	recording
	folder string // for files that are not kept
}

// path returns the path of the recording while it is made.
func (m *maker) path() string { return filepath.Join(m.folder, m.name+".pcapng") }

// kept returns the path of a file in testdata.
func kept(file string) string { return filepath.Join("testdata", file) }

// pgpi starts a pgpi that records.
func (m *maker) pgpi(args ...string) *program.Pgpi {
	m.Helper()
	return program.Start(m, program.Command{Path: pgpiPath, Args: append([]string{"--record=" + m.path()}, args...)})
}

// stop ends pgpi when a number of connections have ended, and keeps what it has recorded.
func (m *maker) stop(p *program.Pgpi, connections int) {
	m.Helper()
	p.Log.WaitEnds(m, connections)
	p.Stop()
	m.keep()
}

// keep puts the files that were recorded into testdata.
func (m *maker) keep() {
	m.Helper()
	files, err := filepath.Glob(filepath.Join(m.folder, m.name+"*.pcap*"))
	if err != nil || len(files) == 0 {
		m.Fatalf("%d files were recorded: %v", len(files), err)
	}
	for _, file := range files {
		m.copy(file, kept(filepath.Base(file)))
	}
}

// copy copies a file. It compresses it if the table says so.
func (m *maker) copy(from, to string) {
	m.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		m.Fatal(err)
	}
	if !strings.HasSuffix(m.paths()[0], ".gz") {
		if err := os.WriteFile(to, content, 0o600); err != nil {
			m.Fatal(err)
		}
		return
	}
	f, err := os.Create(to + ".gz")
	if err != nil {
		m.Fatal(err)
	}
	z := gzip.NewWriter(f)
	_, err = z.Write(content)
	for _, end := range []io.Closer{z, f} {
		if failed := end.Close(); err == nil {
			err = failed
		}
	}
	if err != nil {
		m.Fatal(err)
	}
}

// read has pgpi read record what it reads.
func (m *maker) read(args ...string) {
	m.Helper()
	cmd := exec.Command(pgpiPath, append([]string{"read", "--log-forwarded=none", "--record=" + m.path()}, args...)...)
	if output, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != 3 { // something is missing
		m.Fatalf("pgpi read: %v: %s", err, output)
	}
	m.keep()
}

// to returns the options that make pgpi connect to a port of 127.0.0.1.
func to(port int, more ...string) []string {
	return append([]string{"--server-host=127.0.0.1", fmt.Sprintf("--server-connect-port=%d", port)}, more...)
}
