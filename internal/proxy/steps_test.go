package proxy_test

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/xdg-go/scram"
)

// macros are steps that many scripts have in common.
var macros = map[string]string{
	"log in": `
		client connects
		client sends startup
		server accepts
		server receives startup
		server sends login
		client receives login`,
	"start TLS": `
		client connects
		client sends SSLRequest
		client receives "S"
		client starts TLS`,
	"accept TLS": `
		server accepts
		server receives SSLRequest
		server sends "S"
		server starts TLS`,
	"log in over TLS": `
		client connects
		client sends SSLRequest
		client receives "S"
		client starts TLS
		client sends startup
		server accepts
		server receives SSLRequest
		server sends "S"
		server starts TLS
		server receives startup
		server sends login
		client receives login`,
}

// step does one step: the name of a party and what it does. A party is a server if its name begins
// with "server". "wait 5s" lets time pass.
func (s *stage) step(line string) (err error) {
	name, action, _ := strings.Cut(line, " ")
	if name == "wait" {
		d, err := time.ParseDuration(action)
		time.Sleep(d)
		return err
	}
	p := s.parties[name]
	verb, rest, _ := strings.Cut(action, " ")
	if p == nil && verb != "connects" && verb != "accepts" && verb != "refuses" && action != "gets no connection" {
		return fmt.Errorf("there is no %s yet", name)
	}
	switch verb {
	case "connects":
		err = s.connect(name)
	case "accepts":
		err = s.accept(name, serverAddress)
	case "refuses":
		err = s.servers[serverAddress].Close()
	case "gets":
		if waiting := len(s.servers[serverAddress].backlog); waiting > 0 {
			err = errors.New("got a connection")
		}
	case "sends", "receives":
		var bytes string
		if bytes, err = parseItems(rest); err != nil {
			return err
		}
		if verb == "sends" {
			return p.send(bytes)
		}
		return p.receive(bytes)
	case "counts": // "counts 5 writes"
		var want int
		if _, err := fmt.Sscan(rest, &want); err != nil {
			return err
		}
		return p.counts(want)
	case "sees":
		err = p.sees(rest)
	case "is": // "is abandoned"
		err = p.isAbandoned()
	case "starts":
		err = s.startTLS(name, p, strings.Fields(rest)[1:])
	case "fails":
		if err = s.startTLS(name, p, strings.Fields(rest)[1:]); err == nil {
			return errors.New("the handshake succeeded")
		}
		err = nil
	case "checks":
		err = s.checkSCRAM(p, rest)
	default:
		err = p.ends(action)
	}
	return err
}

// startTLS does a party's part of a handshake, with options.
func (s *stage) startTLS(name string, p *party, options []string) error {
	client := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"postgresql"}}
	server := &tls.Config{
		Certificates: []tls.Certificate{certificates().server}, NextProtos: []string{"postgresql"}, SessionTicketsDisabled: true,
	}
	preamble := ""
	for _, o := range options {
		key, value, _ := strings.Cut(o, "=")
		switch key {
		case "sni":
			client.ServerName = value
		case "alpn":
			client.NextProtos = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
			server.NextProtos = client.NextProtos
		case "early":
			preamble = plainItems["SSLRequest"]
		case "untrusting":
			client.InsecureSkipVerify, client.ServerName = false, "pgpi.test"
		case "certificate":
			server.ClientAuth = tls.RequestClientCert
			if value == "required" {
				server.ClientAuth = tls.RequireAnyClientCert
			}
		case "max":
			client.MaxVersion, server.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		default:
			return fmt.Errorf("there is no option %s", o)
		}
	}
	if strings.HasPrefix(name, "server") {
		return p.startServerTLS(server)
	}
	return p.startClientTLS(client, preamble)
}

// checkSCRAM is the server's part of a SCRAM login: "SCRAM password" or, with channel binding,
// "SCRAM-PLUS password". If the proof is wrong, it ends before the server-final-message.
func (s *stage) checkSCRAM(p *party, rest string) error {
	kind, password, _ := strings.Cut(rest, " ")
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		return err
	}
	salt := scram.KeyFactors{Salt: "0123456789abcdef", Iters: 4096}
	stored, err := client.GetStoredCredentialsWithError(salt)
	if err != nil {
		return err
	}
	server, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) { return stored, nil })
	if err != nil {
		return err
	}
	server = server.WithNonceGenerator(func() string { return "serverNonce" })
	conversation := server.NewConversation()
	if conn, ok := p.conn.(*tls.Conn); ok && kind == "SCRAM-PLUS" {
		state := conn.ConnectionState()
		state.PeerCertificates = append(state.PeerCertificates, certificates().server.Leaf)
		binding, err := scram.NewTLSServerEndpointBinding(&state)
		if err != nil {
			return err
		}
		conversation = server.NewConversationWithChannelBinding(binding)
	}
	return s.converse(p, conversation)
}

// converse reads what a client says and answers it, and keeps what is random out of
// the log.
func (s *stage) converse(p *party, conversation *scram.ServerConversation) error {
	for subtype := uint32(11); subtype <= 12; subtype++ {
		m, err := p.read()
		if err != nil {
			return err
		}
		data := m[5:]
		if subtype == 11 {
			_, rest, _ := strings.Cut(data, "\x00")
			data = rest[4:]
		}
		reply, err := conversation.Step(data)
		if err != nil {
			s.hide(data, reply)
			return nil //nolint:nilerr // the transcript says what the server does about it
		}
		s.hide(data, reply)
		if err := p.send(message('R', string(binary.BigEndian.AppendUint32(nil, subtype))+reply)); err != nil {
			return err
		}
	}
	return nil
}

// hide replaces the values of SCRAM attributes that are random in the log.
func (s *stage) hide(messages ...string) {
	for _, m := range messages {
		for attribute := range strings.SplitSeq(m, ",") {
			name, value, _ := strings.Cut(attribute, "=")
			value = strings.TrimSuffix(value, "serverNonce")
			random := name == "r" || name == "p" || name == "v" || name == "c"
			if random && len(value) > len("tls-server-end-point") {
				s.scrub = append(s.scrub, value, "<"+name+": "+strconv.Itoa(len(value))+" bytes>")
			}
		}
	}
}

// read reads one message.
func (p *party) read() (string, error) {
	header := make([]byte, 5)
	if err := p.readFull(header); err != nil {
		return "", err
	}
	body := make([]byte, binary.BigEndian.Uint32(header[1:])-4)
	err := p.readFull(body)
	return string(header) + string(body), err
}
