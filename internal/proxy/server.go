package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/peer"
	"pgpi/internal/pgtls"
	"pgpi/internal/wire"
)

// attempt is one way to connect to the server.
type attempt struct {
	tls  bool
	next string // how the next attempt differs, "" where there is none
}

func (a attempt) how() string {
	if a.tls {
		return "with TLS"
	}
	return "without TLS"
}

// attempts are the ways that an sslmode allows, in its order (documentation of
// libpq, "sslmode"). Unix sockets have no TLS.
func attempts(mode pgtls.SSLMode, unix bool) []attempt {
	switch {
	case unix || mode == pgtls.Disable:
		return []attempt{{tls: false}}
	case mode == pgtls.Allow:
		return []attempt{{tls: false, next: "with TLS"}, {tls: true}}
	case mode == pgtls.Prefer:
		return []attempt{{tls: true, next: "without TLS"}, {tls: false}}
	}
	return []attempt{{tls: true}}
}

// directToServer reports whether TLS begins without an SSLRequest.
func (c *connection) directToServer() bool {
	return c.config.Negotiation == Direct || c.config.Negotiation != Postgres && c.directTLS
}

// reachServer connects to the server by the rules of the sslmode and sends it the
// StartupMessage. An error has been logged, and may be a refusal for the client.
func (c *connection) reachServer(startup []byte) error {
	c.say(event.Connecting{Server: c.host})
	targets, err := c.targets(c.ctx, c.host)
	if err != nil {
		return c.unreachable(err)
	}
	mode := c.config.Server.Mode(c.directToServer())
	before := ""
	for _, a := range attempts(mode, targets[0].network == "unix") {
		var rejected string
		if rejected, err = c.attempt(a, mode, targets, startup); err != nil {
			return alsoBefore(err, before)
		}
		if rejected == "" {
			return nil
		}
		c.server.close()
		c.say(event.FallingBack{Mode: mode.String(), How: a.next, Why: rejected})
		targets = []target{c.target} // the others have had their turn
		before = fmt.Sprintf("; before that, %s, %s", a.how(), rejected)
	}
	return errEnded
}

// alsoBefore adds to a refusal why the attempt before it has failed, as libpq does: that may be the true reason.
func alsoBefore(err error, before string) error {
	var told *refusal
	if before == "" || !errors.As(err, &told) {
		return err
	}
	return &refusal{told.code, told.text + before}
}

// attempt connects in one way. Where the server rejects it and there is another, it
// says why.
func (c *connection) attempt(a attempt, mode pgtls.SSLMode, targets []target, startup []byte) (rejected string, err error) {
	conn, t, err := c.dial(targets)
	if err != nil {
		return "", c.unreachable(err)
	}
	c.target = t
	c.setServer(newLeg(event.Server, conn))
	if a.tls {
		if err := c.serverTLS(mode); err != nil {
			var failed *handshakeError
			if a.next != "" && errors.As(err, &failed) {
				return failed.why, nil
			}
			return "", err
		}
	}
	c.say(event.StartupForwarded{})
	c.show(event.ScriptToServer, startup)
	if _, err := c.server.Write(startup); err != nil {
		err = c.lastWord(err)
		c.lost(c.server, err)
		return "", &refusal{"08006", lostServer + c.whyLost(c.server, err)}
	}
	if a.next == "" || a.tls && c.server.tls == nil {
		return "", nil
	}
	return c.awaitReply()
}

// lastWord is the alert for which the server took no more bytes, if it sent one, or
// the error of the write.
func (c *connection) lastWord(err error) error {
	_ = c.server.raw.SetReadDeadline(time.Now().Add(lingerTime)) // the read tells
	if reason := c.server.fill(); reason != nil && c.refusedLate(reason) {
		return reason
	}
	return err
}

// unreachable logs that there is no connection to the server, and lets the client
// know.
func (c *connection) unreachable(err error) error {
	switch {
	case errors.Is(err, errEnded):
		return err
	case errors.Is(err, errSelf):
		c.say(event.ConnectRefusedSelf{Server: c.host})
		return &refusal{"08001", fmt.Sprintf("pgpi: server %s is pgpi itself", c.host)}
	}
	c.say(event.ConnectFailed{Why: err.Error()})
	return &refusal{"08001", fmt.Sprintf("pgpi: connection to server %s failed: %v", c.host, err)}
}

// handshakeError is a TLS handshake with the server that failed.
type handshakeError struct {
	refusal
	why string
}

func (h *handshakeError) Unwrap() error { return &h.refusal }

// serverTLS begins TLS on the server leg, as far as the server and the mode allow.
func (c *connection) serverTLS(mode pgtls.SSLMode) error {
	direct := c.directToServer()
	if !direct {
		encrypted, err := c.requestTLS(mode)
		if err != nil || !encrypted {
			return err
		}
	}
	c.server.handToTLS()
	defer c.server.raw.forget()
	conn := tls.Client(c.server.raw, c.config.Server.Config(c.host, direct, func() { c.say(event.CertificateWanted{}) }))
	ctx, cancel := context.WithTimeout(c.ctx, c.config.ConnectTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		if c.ctx.Err() != nil {
			return errEnded
		}
		why := pgtls.ExplainServer(err, direct)
		if isTimeout(err) {
			why = fmt.Sprintf("no answer within %v", c.config.ConnectTimeout)
		}
		c.showNoTLS(event.ServerToScript, c.server, err)
		c.say(event.TLSFailed{Party: event.Server, Why: why})
		return &handshakeError{refusal{"08001", "pgpi: TLS handshake with server failed: " + why}, "the TLS handshake failed"}
	}
	c.server.encrypt(conn)
	c.sayEncrypted(event.Server, conn.ConnectionState(), direct)
	if why := c.config.Server.Weakness(conn.ConnectionState()); why != "" {
		c.say(event.CertificateWeak{Party: event.Server, Why: why})
	}
	c.logCertificates(c.server)
	return nil
}

// requestTLS sends an SSLRequest and reads its one-byte reply. More than one byte is
// never read: what follows belongs to TLS (CVE-2021-23214).
func (c *connection) requestTLS(mode pgtls.SSLMode) (encrypted bool, err error) {
	request := []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}
	c.show(event.ScriptToServer, request)
	reply := make([]byte, 1)
	_ = c.server.raw.SetReadDeadline(time.Now().Add(c.config.ConnectTimeout)) // the read tells
	defer func() { _ = c.server.raw.SetReadDeadline(time.Time{}) }()          // likewise
	if _, err = c.server.Write(request); err == nil {
		_, err = io.ReadFull(c.server.raw, reply)
	}
	if err != nil {
		return false, c.negotiationLost(err)
	}
	switch reply[0] {
	case 'S':
		c.show(event.ServerToScript, reply)
		return true, nil
	case 'N':
		c.show(event.ServerToScript, reply)
		if mode > pgtls.Prefer || mode == pgtls.Allow {
			c.say(event.TLSRefused{Mode: mode.String()})
			return false, &refusal{"08001", "pgpi: server does not support SSL, but SSL was required"}
		}
		c.say(event.ContinuingPlain{})
		return false, nil
	case 'E':
		return false, c.serverError(reply)
	}
	return false, c.foreignServer(reply)
}

// serverError shows the error that a server sends in place of a reply, with a
// length or, from old servers, without.
func (c *connection) serverError(head []byte) error {
	b := head
	c.server.inlet = inlet{source: c.server.raw}
	for len(b) < maxServerError && c.server.fill() == nil {
		b = append(b, c.server.pending()...)
		c.server.take(len(c.server.pending()))
	}
	if p := peer.OfServer(b); p != "" {
		c.showGarbage(event.ServerToScript, b)
		return c.refuseServer(head, p)
	}
	c.show(event.ServerToScript, b)
	return &refusal{"08006", "pgpi: server sent an error response during SSL exchange: " + errorText(b)}
}

// maxServerError is how much of an error is read before TLS, in bytes.
const maxServerError = 8 << 10

// negotiationLost says how the server ended the connection before it answered.
func (c *connection) negotiationLost(err error) error {
	switch {
	case c.ctx.Err() != nil:
		return errEnded
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		c.say(event.Disconnected{Party: event.Server, When: "before it answered the SSLRequest"})
	default:
		c.lost(c.server, err)
		return &refusal{"08006", "pgpi: connection to server lost during SSL negotiation: " + plainError(err)}
	}
	return &refusal{"08006", "pgpi: server closed the connection during SSL negotiation"}
}

// awaitReply waits for the server's first word after the StartupMessage, because
// there is another way to connect if it is an error. It returns what the error
// says. A client that is gone meanwhile ends the wait.
func (c *connection) awaitReply() (rejected string, err error) {
	watch := c.watchClient()
	defer watch.stop()
	for {
		b := c.server.pending()
		if len(b) > 0 && b[0] != 'E' {
			return "", nil
		}
		if size := wire.Size(b); size > 0 && size <= int64(len(b)) {
			c.show(event.ServerToScript, b[:size])
			c.server.take(int(size))
			return "the server rejected it: " + errorText(b[:size]), nil
		}
		if len(b) == largeInlet || wire.Size(b) < 0 {
			return "", nil // an error of another kind, which the relay will show
		}
		if err := c.server.fill(); err != nil {
			if c.ctx.Err() != nil {
				return "", errEnded
			}
			return "", nil // the relay will meet it again
		}
	}
}

// errorText is the message of an ErrorResponse, in either form.
func errorText(b []byte) string {
	size := wire.Size(b)
	if size <= 0 || size > wire.MaxErrorLength {
		if len(b) > 1 {
			return string(trimNUL(b[1:]))
		}
		return ""
	}
	if f, ok := wire.ErrorFieldOf(b, 'M'); ok {
		return string(f)
	}
	return ""
}

func trimNUL(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == 0 || b[len(b)-1] == '\n') {
		b = b[:len(b)-1]
	}
	return b
}

// clientWatch reads from the client while nothing else does.
type clientWatch struct {
	c    *connection
	done chan struct{}
}

// watchClient lets the server know when the client ends its half, and ends the
// connection when the client is gone. What the client sends stays pending. Nothing else may read from the client before stop.
func (c *connection) watchClient() clientWatch {
	w := clientWatch{c, make(chan struct{})}
	if len(c.client.pending()) > 0 {
		close(w.done) // it has said something, so it waits for an answer
		return w
	}
	go func() {
		defer close(w.done)
		c.contain(w.watch)
	}()
	return w
}

func (w clientWatch) watch() {
	c := w.c
	switch err := c.client.fill(); {
	case err == nil, isTimeout(err):
	case errors.Is(err, io.EOF):
		c.hungUp.Do(func() { c.say(event.HungUp{Party: event.Client, How: hangUp(c.client)}) })
		c.server.closeWrite(c.client.notified()) // the client may still read: the server decides
	default:
		c.lost(c.client, err)
		c.abort() // ends the wait
	}
}

// stop ends the watching.
func (w clientWatch) stop() {
	_ = w.c.client.raw.SetReadDeadline(time.Unix(1, 0)) // interrupts the read
	<-w.done
	_ = w.c.client.raw.SetReadDeadline(time.Time{}) // a closed connection needs none
}
