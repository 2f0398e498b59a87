package localpg

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"pgpi/internal/janitor"
)

const (
	startLimit = 60 * time.Second      // for all that Start does except a download, and for Restart
	stopLimit  = 20 * time.Second      // then a server is killed
	pollEvery  = 10 * time.Millisecond // for changes that can only be seen by looking again
)

// Mode is a way to shut a server down (PostgreSQL documentation, section 18.5).
type Mode int

// Smart waits for the clients to leave, Fast ends their sessions, and Immediate does so without a
// checkpoint.
const (
	Smart Mode = iota
	Fast
	Immediate
)

// Server is a throwaway server that is running, stopped or closed. Start sets its fields, which
// must not be changed. Its methods may be called from any goroutine.
type Server struct {
	Bin        string // folder of its programs
	Version    int    // major version
	Host       string // 127.0.0.1
	Port       int
	SocketDir  string // folder of its Unix socket, which is .s.PGSQL.PORT
	DataDir    string
	User       string
	Password   string // empty: the server trusts everyone
	Database   string
	RootCert   string // file of the certificate's authority; empty: no TLS, or the caller's own
	ServerCert string // file of the certificate that the server presents; empty: no TLS
	ServerKey  string // file of its key

	config  Config
	dir     string // has everything of the server; Close removes it
	account account
	janitor *janitor.Janitor

	mu      sync.Mutex
	process *os.Process   // nil: not running
	ended   chan struct{} // closed when process has ended
	closed  bool
}

// Start makes a cluster and starts a server for it, which takes about a second. The context limits
// only the start. The server runs until Close, or until this process ends in any way.
func Start(ctx context.Context, config Config) (*Server, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("configure a throwaway server: %w", err)
	}
	account, err := serverAccount(config.RunAs)
	if err != nil {
		return nil, err
	}
	if err := config.findBin(ctx); err != nil {
		return nil, err
	}
	version, err := versionOf(config.Bin)
	if err != nil {
		return nil, fmt.Errorf("use the PostgreSQL programs in %s: %w", config.Bin, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("not done after %v", startLimit))
	defer cancel()
	server := &Server{
		Bin: config.Bin, Version: version, Host: "127.0.0.1",
		User: config.User, Password: config.Password, Database: config.Database,
		config: config, account: account,
	}
	if err := server.setUp(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start a throwaway PostgreSQL %d: %w", version, err), server.Close())
	}
	return server, nil
}

func (c *Config) findBin(ctx context.Context) error {
	if c.Bin != "" {
		return nil
	}
	bin, err := Find(0)
	if errors.Is(err, ErrNotFound) {
		bin, err = Fetch(ctx, 0, c.Say)
	}
	c.Bin = bin
	return err
}

// setUp does everything from making the server's directory to waiting until it accepts connections.
func (s *Server) setUp(ctx context.Context) error {
	err := s.makeDirectory()
	if err != nil {
		return err
	}
	if s.janitor, err = janitor.Start(s.dir); err != nil {
		return err
	}
	if err := s.makeCluster(ctx); err != nil {
		return err
	}
	if s.config.Port != 0 {
		s.Port = s.config.Port
		return s.start(ctx)
	}
	// Somebody else can take a free port before the server does.
	for range 5 {
		if s.Port, err = freePort(); err != nil {
			return err
		}
		if err = s.start(ctx); err == nil || !strings.Contains(err.Error(), "could not bind") {
			return err
		}
	}
	return err
}

// freePort returns a TCP port of 127.0.0.1 that is free right now. No connection takes it later, such
// as while the server restarts: systems choose ports for themselves from higher ones (Linux from 32768
// on, ip(7); others from 49152 on, RFC 6335).
func freePort() (int, error) {
	var failed error
	for range 100 {
		port := 10_000 + rand.IntN(10_000)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, listener.Close()
		}
		failed = err
	}
	return 0, fmt.Errorf("find a free port: %w", failed)
}

// start runs postgres and waits until it accepts connections.
func (s *Server) start(ctx context.Context) error {
	log, err := os.OpenFile(s.path("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the server has its own
	before, err := log.Stat()
	if err != nil {
		return err
	}

	cmd := exec.Command(filepath.Join(s.Bin, "postgres"), append(s.configArgs(), "-p", strconv.Itoa(s.Port))...)
	cmd.Stdout, cmd.Stderr = log, log
	s.prepare(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(ended)
	}()
	if err := s.waitReady(ctx, cmd.Process.Pid, ended); err != nil {
		_ = cmd.Process.Kill() // fails only if it has ended
		<-ended
		return fmt.Errorf("run %s: %w; its last words: %s", cmd.Path, err, lastWords(s.logSince(before.Size())))
	}
	s.mu.Lock()
	s.process, s.ended = cmd.Process, ended
	s.mu.Unlock()
	return nil
}

// waitReady watches the lock file, as pg_ctl does. Its first line is the server's process, and its
// eighth line the state (src/include/utils/pidfile.h).
func (s *Server) waitReady(ctx context.Context, pid int, ended <-chan struct{}) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		lock := readLock(s.DataDir)
		if len(lock) >= 8 && lock[0] == strconv.Itoa(pid) {
			if state := strings.TrimSpace(lock[7]); state == "ready" || state == "standby" {
				return nil
			}
		}
		select {
		case <-ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// readLock returns the lines of a data directory's lock file, or none if no server runs.
func readLock(dataDir string) []string {
	text, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}

// URL returns the connection string for the server's TCP port.
func (s *Server) URL() string {
	address := url.URL{
		Scheme: "postgres",
		User:   url.User(s.User),
		Host:   net.JoinHostPort(s.Host, strconv.Itoa(s.Port)),
		Path:   "/" + s.Database,
	}
	if s.Password != "" {
		address.User = url.UserPassword(s.User, s.Password)
	}
	switch {
	case s.RootCert != "":
		address.RawQuery = "sslmode=verify-full&sslrootcert=" + url.PathEscape(s.RootCert)
	case s.config.TLS != nil:
		address.RawQuery = "sslmode=require"
	default:
		address.RawQuery = "sslmode=disable"
	}
	return address.String()
}

// Stop shuts the server down and keeps its data for Restart. If the server is not down after 20
// seconds, it is killed, and that is the error.
func (s *Server) Stop(mode Mode) error {
	how := map[Mode]syscall.Signal{Smart: syscall.SIGTERM, Fast: syscall.SIGINT, Immediate: syscall.SIGQUIT}
	return s.signal(how[mode])
}

// Kill ends the server as a crash would, with SIGKILL. Its backends notice that and end by
// themselves.
func (s *Server) Kill() error {
	return s.signal(syscall.SIGKILL)
}

// signal ends the server with a signal, and waits until it has ended.
func (s *Server) signal(how syscall.Signal) error {
	s.mu.Lock()
	process, ended := s.process, s.ended
	s.process = nil
	s.mu.Unlock()
	if process == nil {
		return nil
	}
	if err := process.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop PostgreSQL with %v: %w", how, err)
	}
	select {
	case <-ended:
		return nil
	case <-time.After(stopLimit):
		_ = process.Kill() // fails only if it has ended
		<-ended
		return fmt.Errorf("stop PostgreSQL with %v: not down after %v, so it was killed", how, stopLimit)
	}
}

// Restart starts the server again with the same data and port, after a fast shutdown if it is still
// running.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(Fast); err != nil {
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("not done after %v", startLimit))
	defer cancel()
	for {
		err := s.start(ctx)
		if err == nil {
			return nil
		}
		// After Kill, the last backends may take a moment to release the shared memory. For a
		// while, another process may have the process number in the lock file.
		waits := strings.Contains(err.Error(), "pre-existing shared memory block") || strings.Contains(err.Error(), `lock file "postmaster.pid" already exists`)
		if !waits || ctx.Err() != nil {
			return fmt.Errorf("restart PostgreSQL: %w", err)
		}
		time.Sleep(pollEvery)
	}
}

// Close stops the server at once and removes it with all its data. Later calls do nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed || s.dir == "" {
		return nil
	}
	err := s.Stop(Immediate)
	if removed := janitor.Remove(s.dir); removed != nil {
		err = errors.Join(err, fmt.Errorf("remove the throwaway server: %w", removed))
	}
	if s.janitor != nil {
		s.janitor.Dismiss()
	}
	return err
}

// Log returns everything that the server has logged so far.
func (s *Server) Log() string {
	return s.logSince(0)
}

func (s *Server) logSince(offset int64) string {
	text, err := os.ReadFile(s.path("log"))
	if err != nil || int64(len(text)) < offset {
		return ""
	}
	return string(text[offset:])
}

var (
	logPrefix = regexp.MustCompile(`^\d{4}-\d\d-\d\d [\d:.]+ \w+ \[\d+\] `)
	logNoise  = regexp.MustCompile(`^(LOG:  (starting|listening|checkpoint|shutting down|database system)|STATEMENT:)`)
)

// lastWords returns the end of a program's output in one line, without what is in every log.
func lastWords(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		line = logPrefix.ReplaceAllString(strings.TrimSpace(line), "")
		if line != "" && !logNoise.MatchString(line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "(nothing)"
	}
	return strings.Join(lines[max(0, len(lines)-5):], "; ")
}
