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
	next string // how the next attempt differs, or "" if there is none
}

func (a attempt) how() string {
	if a.tls {
		return "with TLS"
	}
	return "without TLS"
}

// attempts returns the ways that an sslmode allows, in order (documentation of libpq, "sslmode").
// Unix sockets have no TLS.
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
func (h *handshake) directToServer() bool {
	return h.config.Negotiation == Direct || h.config.Negotiation != Postgres && h.directTLS
}

// reachServer connects to the server by the rules of the sslmode and sends it the StartupMessage.
// An error has been logged, and may be a refusal for the client.
func (h *handshake) reachServer(startup []byte) error {
	h.say(event.Connecting{Server: h.host})
	targets, err := h.targets(h.ctx, h.host)
	if err != nil {
		return h.unreachable(err)
	}
	mode := h.config.Server.Mode(h.directToServer())
	before := ""
	for _, a := range attempts(mode, targets[0].network == "unix") {
		var rejected string
		if rejected, err = h.attempt(a, mode, targets, startup); err != nil {
			return alsoBefore(err, before)
		}
		if rejected == "" {
			return nil
		}
		h.server.close()
		h.say(event.FallingBack{Mode: mode.String(), How: a.next, Why: rejected})
		targets = []target{h.target} // the others have had their turn
		before = fmt.Sprintf("; before that, %s, %s", a.how(), rejected)
	}
	return errEnded
}

// alsoBefore adds to a refusal why the attempt before it has failed, as libpq does: that may be the
// true reason.
func alsoBefore(err error, before string) error {
	var told *refusal
	if before == "" || !errors.As(err, &told) {
		return err
	}
	return &refusal{told.code, told.text + before}
}

// attempt connects in one way. If the server rejects it and there is another way, it returns why.
func (h *handshake) attempt(a attempt, mode pgtls.SSLMode, targets []target, startup []byte) (rejected string, err error) {
	conn, t, err := h.dial(targets)
	if err != nil {
		return "", h.unreachable(err)
	}
	h.target = t
	h.setServer(newLeg(event.Server, conn))
	if a.tls {
		if err := h.serverTLS(mode); err != nil {
			var failed *handshakeError
			if a.next != "" && errors.As(err, &failed) {
				return failed.why, nil
			}
			return "", err
		}
	}
	h.say(event.StartupForwarded{})
	h.show(event.ScriptToServer, startup)
	if _, err := h.server.Write(startup); err != nil {
		err = h.lastWord(err)
		h.sayLost(h.server, err)
		return "", &refusal{"08006", lostServer + h.whyLost(h.server, err)}
	}
	if a.next == "" || a.tls && h.server.tls == nil {
		return "", nil
	}
	return h.awaitReply()
}

// lastWord returns the alert because of which the server accepted no more bytes, if it sent one, or
// else the error of the write.
func (h *handshake) lastWord(err error) error {
	_ = h.server.raw.SetReadDeadline(time.Now().Add(lingerTime)) // then the read fails too
	if reason := h.server.fill(); reason != nil && h.refusedLate(reason) {
		return reason
	}
	return err
}

// unreachable logs that there is no connection to the server, and lets the client know.
func (h *handshake) unreachable(err error) error {
	switch {
	case errors.Is(err, errEnded):
		return err
	case errors.Is(err, errSelf):
		h.say(event.ConnectRefusedSelf{Server: h.host})
		return &refusal{"08001", fmt.Sprintf("pgpi: server %s is pgpi itself", h.host)}
	}
	h.say(event.ConnectFailed{Why: err.Error()})
	return &refusal{"08001", fmt.Sprintf("pgpi: connection to server %s failed: %v", h.host, err)}
}

// handshakeError is a failed TLS handshake with the server.
type handshakeError struct {
	refusal
	why string
}

func (h *handshakeError) Unwrap() error { return &h.refusal }

// serverTLS begins TLS on the server leg, as far as the server and the mode allow.
func (h *handshake) serverTLS(mode pgtls.SSLMode) error {
	direct := h.directToServer()
	h.server.direct = direct
	if !direct {
		encrypted, err := h.requestTLS(mode)
		if err != nil || !encrypted {
			return err
		}
	}
	h.server.handToTLS()
	defer h.server.raw.forget()
	conn := tls.Client(h.server.raw, h.config.Server.Config(h.host, direct, func() { h.say(event.CertificateWanted{}) }))
	ctx, cancel := context.WithTimeout(h.ctx, h.config.ConnectTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		if h.ctx.Err() != nil {
			return errEnded
		}
		why := pgtls.ExplainServer(err, direct)
		if isTimeout(err) {
			why = fmt.Sprintf("no answer within %v", h.config.ConnectTimeout)
		}
		h.showNoTLS(event.ServerToScript, h.server, err)
		h.say(event.TLSFailed{Party: event.Server, Why: why})
		return &handshakeError{refusal{"08001", "pgpi: TLS handshake with server failed: " + why}, "the TLS handshake failed"}
	}
	h.server.encrypt(conn)
	h.sayEncrypted(event.Server, conn.ConnectionState(), direct)
	if why := h.config.Server.Weakness(conn.ConnectionState()); why != "" {
		h.say(event.CertificateWeak{Party: event.Server, Why: why})
	}
	h.logCertificates(h.server)
	return nil
}

// requestTLS sends an SSLRequest and reads its one-byte reply. It never reads more than one byte:
// what follows is part of TLS (CVE-2021-23214).
func (h *handshake) requestTLS(mode pgtls.SSLMode) (encrypted bool, err error) {
	request := []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}
	h.show(event.ScriptToServer, request)
	reply := make([]byte, 1)
	_ = h.server.raw.SetReadDeadline(time.Now().Add(h.config.ConnectTimeout)) // then the read fails too
	defer func() { _ = h.server.raw.SetReadDeadline(time.Time{}) }()          // likewise
	if _, err = h.server.Write(request); err == nil {
		_, err = io.ReadFull(h.server.raw, reply)
	}
	if err != nil {
		return false, h.negotiationLost(err)
	}
	switch reply[0] {
	case 'S':
		h.show(event.ServerToScript, reply)
		return true, nil
	case 'N':
		h.show(event.ServerToScript, reply)
		if mode > pgtls.Prefer || mode == pgtls.Allow {
			h.say(event.TLSRefused{Mode: mode.String()})
			return false, &refusal{"08001", "pgpi: server does not support SSL, but SSL was required"}
		}
		h.say(event.ContinuingPlain{})
		return false, nil
	case 'E':
		return false, h.serverError(reply)
	}
	return false, h.foreignServer(reply)
}

// serverError shows the error that a server sends in place of a reply. It has a length, unless it
// is from an old server.
func (h *handshake) serverError(head []byte) error {
	b := head
	h.server.inlet = inlet{source: h.server.raw}
	for len(b) < maxServerError && h.server.fill() == nil {
		b = append(b, h.server.pending()...)
		h.server.take(len(h.server.pending()))
	}
	if p := peer.OfServer(b); p != "" {
		h.showGarbage(event.ServerToScript, b)
		return h.refuseServer(head, p)
	}
	h.show(event.ServerToScript, b)
	return &refusal{"08006", "pgpi: server sent an error response during SSL exchange: " + errorText(b)}
}

// maxServerError is how much of an error is read before TLS, in bytes.
const maxServerError = 8 << 10

// negotiationLost returns how the server ended the connection before it answered.
func (h *handshake) negotiationLost(err error) error {
	switch {
	case h.ctx.Err() != nil:
		return errEnded
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		h.say(event.Disconnected{Party: event.Server, When: "before it answered the SSLRequest"})
	default:
		h.sayLost(h.server, err)
		return &refusal{"08006", "pgpi: connection to server lost during SSL negotiation: " + plainError(err)}
	}
	return &refusal{"08006", "pgpi: server closed the connection during SSL negotiation"}
}

// awaitReply waits for the server's first word after the StartupMessage, because there is another
// way to connect if that is an error. It returns what the error says. The wait ends if the client
// leaves.
func (h *handshake) awaitReply() (rejected string, err error) {
	watch := h.watchClient()
	defer watch.stop()
	for {
		b := h.server.pending()
		if len(b) > 0 && b[0] != 'E' {
			return "", nil
		}
		if size := wire.Size(b); size > 0 && size <= int64(len(b)) {
			h.show(event.ServerToScript, b[:size])
			h.server.take(int(size))
			return "the server rejected it: " + errorText(b[:size]), nil
		}
		if len(b) == largeInlet || wire.Size(b) < 0 {
			return "", nil // an error of another kind, which the relay will show
		}
		if err := h.server.fill(); err != nil {
			if h.ctx.Err() != nil {
				return "", errEnded
			}
			return "", nil // the relay will encounter it again
		}
	}
}

// errorText returns the message of an ErrorResponse, in either form.
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
	h    *handshake
	done chan struct{}
}

// watchClient lets the server know when the client ends its half, and ends the connection when the
// client is gone. What the client sends stays pending. Nothing else may read from the client before
// stop.
func (h *handshake) watchClient() clientWatch {
	w := clientWatch{h, make(chan struct{})}
	if len(h.client.pending()) > 0 {
		close(w.done) // it has said something, so it waits for an answer
		return w
	}
	go func() {
		defer close(w.done)
		h.contain(w.watch)
	}()
	return w
}

func (w clientWatch) watch() {
	h := w.h
	switch err := h.client.fill(); {
	case err == nil, isTimeout(err):
	case errors.Is(err, io.EOF):
		h.hungUp.Do(func() { h.say(event.HungUp{Party: event.Client, How: hangUp(h.client)}) })
		h.server.closeWrite(h.client.notified()) // the client may still read: the server decides
	default:
		h.sayLost(h.client, err)
		h.abort() // ends the wait
	}
}

// stop ends the watch.
func (w clientWatch) stop() {
	_ = w.h.client.raw.SetReadDeadline(time.Unix(1, 0)) // interrupts the read
	<-w.done
	_ = w.h.client.raw.SetReadDeadline(time.Time{}) // a closed connection needs none
}
