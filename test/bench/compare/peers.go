package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pgpi/internal/localpg"
)

// peer is something between pgbench and the server, or nothing.
type peer struct {
	name    string
	port    int
	process *os.Process // nil for a direct connection
	log     string      // file that grows, emptied between rounds
	wait    func() error
}

// cpu returns the processor time that the peer has used, user and system.
func (p *peer) cpu() (time.Duration, error) {
	if p.process == nil {
		return 0, nil
	}
	return processorTime(p.process.Pid, utime, stime)
}

// Positions in /proc/PID/stat (proc(5)), counted from the state: processor time of a process, and
// of its children that have ended.
const utime, stime, cutime, cstime = 11, 12, 13, 14

func processorTime(pid int, places ...int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	const tick = 10 * time.Millisecond
	total := 0
	for _, place := range places {
		n, err := strconv.Atoi(fields[place])
		if err != nil {
			return 0, err
		}
		total += n
	}
	return time.Duration(total) * tick, nil
}

// memory returns a value of the peer's /proc status, in KiB.
func (p *peer) memory(line string) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.process.Pid))
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(line + `:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return 0, fmt.Errorf("no %s in the status of %s", line, p.name)
	}
	return strconv.Atoi(string(m[1]))
}

// reset clears what the last round has left.
func (p *peer) reset() error {
	if p.log == "" {
		return nil
	}
	return os.Truncate(p.log, 0)
}

func (p *peer) stop() {
	if p.process != nil {
		_ = p.process.Signal(syscall.SIGTERM) // it may have ended
		_ = p.wait()                          // likewise
	}
}

// startPeers builds and starts all peers.
func startPeers(ctx context.Context, dir string, server *localpg.Server) ([]*peer, error) {
	for binary, source := range map[string]string{"pgpi": "./cmd/pgpi", "relay": "./test/bench/relay"} {
		build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, binary), source)
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w: %s", binary, err, out)
		}
	}
	peers := []*peer{{name: "direct", port: server.Port}}
	relay, err := startListening(ctx, "bare relay", filepath.Join(dir, "relay"), "127.0.0.1:0", net.JoinHostPort(server.Host, strconv.Itoa(server.Port)))
	if err != nil {
		return peers, err
	}
	peers = append(peers, relay)
	bouncer, err := startBouncer(ctx, dir, server)
	if err != nil {
		return peers, err
	}
	peers = append(peers, bouncer)
	for _, mode := range []string{"none", "raw", "queries", "annotated"} {
		p, err := startPgpi(ctx, dir, server, mode)
		if err != nil {
			return peers, err
		}
		peers = append(peers, p)
	}
	return peers, nil
}

// startPgpi starts pgpi with its log in a file.
func startPgpi(ctx context.Context, dir string, server *localpg.Server, mode string, more ...string) (*peer, error) {
	file, err := os.CreateTemp(dir, mode+"-*.log") // another one may have the same mode
	if err != nil {
		return nil, err
	}
	log := file.Name()
	if err := file.Close(); err != nil {
		return nil, err
	}
	args := []string{
		"--server-host", server.Host, "--server-connect-port", strconv.Itoa(server.Port), "--server-sslmode", "require",
		"--client-listen-port", "0", "--client-cert-sig", "ecdsa", "--log-forwarded", mode, "--max-connections", "2000",
	}
	args = append(args, more...)
	if mode == "none" {
		return startListening(ctx, "pgpi "+mode, filepath.Join(dir, "pgpi"), args...)
	}
	p, err := startProcess(ctx, "pgpi "+mode, filepath.Join(dir, "pgpi"), nil, append(args, "--log-file", log)...)
	if err != nil {
		return nil, err
	}
	p.log = log
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if text, err := os.ReadFile(log); err == nil && listening.Match(text) {
			p.port, err = strconv.Atoi(string(listening.FindSubmatch(text)[1]))
			return p, err
		}
	}
	return nil, fmt.Errorf("%s does not listen", p.name)
}

var listening = regexp.MustCompile(`listening on 127\.0\.0\.1(?: port |:)(\d+)`)

// startListening starts a program that prints where it listens.
func startListening(ctx context.Context, name, program string, args ...string) (*peer, error) {
	r, w := io.Pipe()
	p, err := startProcess(ctx, name, program, w, args...)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewReader(r)
	line, err := lines.ReadString('\n')
	go func() { _, _ = io.Copy(io.Discard, lines) }() // it goes on talking
	if m := listening.FindStringSubmatch(line); m != nil {
		p.port, err = strconv.Atoi(m[1])
	}
	return p, err
}

func startProcess(ctx context.Context, name, program string, out io.Writer, args ...string) (*peer, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return &peer{name: name, process: cmd.Process, wait: cmd.Wait}, nil
}

// startBouncer starts pgbouncer in session mode, with TLS on both legs.
func startBouncer(ctx context.Context, dir string, server *localpg.Server) (*peer, error) {
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer"
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "pgbouncer.ini")
	text := fmt.Sprintf(`[databases]
* = host=%s port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
auth_type = any
pool_mode = session
max_client_conn = 2000
default_pool_size = 1000
client_tls_sslmode = require
client_tls_cert_file = %s
client_tls_key_file = %s
server_tls_sslmode = require
ignore_startup_parameters = extra_float_digits
unix_socket_dir =
logfile = /dev/null
`, server.Host, server.Port, port, server.ServerCert, server.ServerKey)
	text = strings.Replace(text, "* = ", "* = user=bench ", 1)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	args := []string{"-q"}
	if os.Geteuid() == 0 {
		name := "postgres"
		if _, err := user.Lookup(name); err != nil {
			name = "nobody"
		}
		args = append(args, "-u", name)
	}
	p, err := startProcess(ctx, "pgbouncer", program, nil, append(args, config)...)
	if err != nil {
		return nil, fmt.Errorf("%w: install it with make test", err)
	}
	p.port = port
	return p, awaitPort(port)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	if err := l.Close(); err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// awaitPort waits until something listens on a port.
func awaitPort(port int) error {
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}
