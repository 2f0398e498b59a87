package localpg

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxSocketPath is the longest path of a Unix socket that fits everywhere (sun_path has 104 bytes
// on macOS).
const maxSocketPath = 103

// makeDirectory makes the server's own directory. It belongs to us; only data and socket belong to
// the server's user:
//
//	data/            the data directory, as initdb makes it
//	socket/          the Unix socket
//	postgresql.conf  our settings, after those of data/postgresql.conf
//	pg_hba.conf      who may connect
//	root.crt         the authority of server.crt and server.key, client-ca.crt that of clients
//	log              what postgres says
func (s *Server) makeDirectory() error {
	parent := s.config.Dir
	if parent == "" {
		parent = os.TempDir()
	}
	parent, err := filepath.Abs(parent)
	if err != nil {
		return err
	}
	for _, folder := range []string{s.Bin, parent} {
		if err := s.account.canEnter(folder); err != nil {
			return err
		}
	}
	if s.dir, err = os.MkdirTemp(parent, Folders.Prefix); err != nil {
		return err
	}
	// Clients of other users may read the root certificate and use the socket, just as they may use
	// the port.
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return err
	}
	s.DataDir = filepath.Join(s.dir, "data")
	if err := s.mkdir(s.DataDir, 0o700); err != nil {
		return err
	}
	s.SocketDir = s.config.UnixSocketDir
	if s.SocketDir == "" {
		s.SocketDir = filepath.Join(s.dir, "socket")
		if err := s.mkdir(s.SocketDir, 0o755); err != nil {
			return err
		}
	}
	if socket := filepath.Join(s.SocketDir, ".s.PGSQL.65535"); len(socket) > maxSocketPath {
		return fmt.Errorf("the path of the Unix socket, %s, is longer than %d bytes: set TMPDIR to a shorter folder", socket, maxSocketPath)
	}
	return nil
}

// makeCluster initializes the data directory and configures the server.
func (s *Server) makeCluster(ctx context.Context) error {
	args := []string{
		"--pgdata=" + s.DataDir, "--username=" + s.User, "--auth=" + string(s.config.Auth),
		"--encoding=UTF8", "--locale=C", "--no-sync",
	}
	if s.Password != "" {
		if err := s.writeSecret("password", []byte(s.Password+"\n")); err != nil {
			return err
		}
		defer os.Remove(s.path("password")) //nolint:errcheck // removed with the directory otherwise
		args = append(args, "--pwfile="+s.path("password"))
	}
	if err := s.run(ctx, "", "initdb", args...); err != nil {
		return err
	}
	if err := s.installCertificates(); err != nil {
		return err
	}
	if err := os.WriteFile(s.path("pg_hba.conf"), []byte(s.config.hba()), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(s.path("postgresql.conf"), []byte(s.conf()), 0o644); err != nil {
		return err
	}
	return s.runStatements(ctx)
}

// conf returns the text of the server's postgresql.conf. In it, later lines take precedence.
func (s *Server) conf() string {
	settings := map[string]string{
		"hba_file":                s.path("pg_hba.conf"),
		"listen_addresses":        s.Host,
		"unix_socket_directories": s.SocketDir,
		"shared_buffers":          "16MB",
		// The data need not survive a crash of the machine. It survives the server as long as
		// commits are synchronous.
		"fsync":            "off",
		"full_page_writes": "off",
		"max_wal_size":     "256MB",
	}
	if s.config.Messages != "" {
		settings["lc_messages"] = "C.UTF-8" // gettext ignores LANGUAGE only in the locale C
	}
	if s.config.TLS != nil {
		settings["ssl"] = "on"
		settings["ssl_cert_file"] = s.ServerCert
		settings["ssl_key_file"] = s.ServerKey
		if s.config.TLS.ClientCA != "" {
			settings["ssl_ca_file"] = s.path("client-ca.crt")
		}
	}
	maps.Copy(settings, s.config.Settings)

	var text strings.Builder
	text.WriteString("include 'data/postgresql.conf'\n")
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s = %s\n", name, quoteSetting(settings[name]))
	}
	return text.String()
}

// installCertificates writes the files for TLS where the server can read them.
func (s *Server) installCertificates() error {
	tls := s.config.TLS
	if tls == nil {
		return nil
	}
	s.ServerCert, s.ServerKey = s.path("server.crt"), s.path("server.key")
	if tls.ClientCA != "" {
		if err := s.copySecret(tls.ClientCA, "client-ca.crt"); err != nil {
			return err
		}
	}
	if tls.CertFile != "" {
		if err := s.copySecret(tls.CertFile, "server.crt"); err != nil {
			return err
		}
		return s.copySecret(tls.KeyFile, "server.key")
	}
	made, err := makeCertificates()
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	s.RootCert = s.path("root.crt")
	if err := os.WriteFile(s.RootCert, made.root, 0o644); err != nil {
		return err
	}
	if err := s.writeSecret("server.crt", made.cert); err != nil {
		return err
	}
	return s.writeSecret("server.key", made.key)
}

// runStatements makes the database and runs the caller's SQL. It uses single-user mode, which needs
// no client, no password and no port.
func (s *Server) runStatements(ctx context.Context) error {
	if s.Database != "postgres" {
		if err := s.runSingle(ctx, "postgres", "CREATE DATABASE "+quoteName(s.Database)); err != nil {
			return err
		}
	}
	if len(s.config.SQL) == 0 {
		return nil
	}
	return s.runSingle(ctx, s.Database, s.config.SQL...)
}

// runSingle runs statements in single-user mode. With -j a statement ends at a semicolon and an
// empty line, so it may have several lines. With exit_on_error the first error ends the program.
func (s *Server) runSingle(ctx context.Context, database string, statements ...string) error {
	var input strings.Builder
	for _, statement := range statements {
		input.WriteString(strings.TrimRight(statement, "; \n") + ";\n\n")
	}
	args := append([]string{"--single", "-j", "-c", "exit_on_error=on"}, s.configArgs()...)
	return s.run(ctx, input.String(), "postgres", append(args, database)...)
}

// run runs one of PostgreSQL's programs until it ends.
func (s *Server) run(ctx context.Context, input, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.Bin, program), args...)
	var output bytes.Buffer
	cmd.Stdin = strings.NewReader(input)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = time.Second // for the children of a program that was killed
	s.prepare(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("run %s: %w; its last words: %s", cmd.Path, err, lastWords(output.String()))
	}
	return nil
}

// prepare makes a command run as the server's user, in a folder that this user may enter. It also
// keeps the terminal's Ctrl-C from the command: we decide when the server stops.
func (s *Server) prepare(cmd *exec.Cmd) {
	cmd.Dir = s.dir
	cmd.Env = environment()
	if s.config.Messages != "" {
		cmd.Env = append(cmd.Env, "LANGUAGE="+s.config.Messages)
	}
	detach(cmd)
	s.account.runAs(cmd)
}

// configArgs are the arguments that name the server's data and configuration.
func (s *Server) configArgs() []string {
	return []string{"-D", s.DataDir, "-c", "config_file=" + s.path("postgresql.conf")}
}

// path returns the path of a file in the server's directory.
func (s *Server) path(name string) string {
	return filepath.Join(s.dir, name)
}

func (s *Server) mkdir(path string, mode os.FileMode) error {
	if err := os.Mkdir(path, mode); err != nil {
		return err
	}
	return s.account.chown(path)
}

// writeSecret makes a file in the server's directory that only the server can read, as it requires
// for its key.
func (s *Server) writeSecret(name string, content []byte) error {
	if err := os.WriteFile(s.path(name), content, 0o600); err != nil {
		return err
	}
	return s.account.chown(s.path(name))
}

func (s *Server) copySecret(from, name string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return s.writeSecret(name, content)
}
