package proxy_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// negotiationOptions are the options with which a login is not only relayed.
var negotiationOptions = []string{
	"", "sslmode=allow", "sslmode=prefer", "sslmode=require", "negotiation=direct sslmode=require", "deny-ssl", "hide-channel-binding",
	"override-auth", "override-auth sslmode=prefer", "override-auth redact-values", "sinks redact", "none",
}

// FuzzNegotiation has parties that say anything from their first byte on, and then end their
// halves. Each connection ends by itself, and nothing needs to be contained.
func FuzzNegotiation(f *testing.F) {
	clients := []string{
		"startup", "SSLRequest", `SSLRequest "\x16\x03\x01\x00\x05hello"`, `"\x16\x03\x01\x00\x05hello"`, "GSSENCRequest SSLRequest", "GSSENCRequest startup",
		`cancel"\x00\x00\x00\x07abcd"`, `startup password"secret" query"SELECT 1" terminate`, `startup"2.0 user=frank"`, `startup"3.9999 _pq_.x=y"`,
		`startup chooses"SCRAM-SHA-256 n,,n=,r=nonce"`,
	}
	servers := []string{
		`"S"`, `"N" login`, `"S\x16\x03\x03\x00\x05hello"`, "login", "askPassword login", "askMD5 login", `offer"SCRAM-SHA-256-PLUS SCRAM-SHA-256" login`,
		`error"28000 no"`, `"Eno fork\n\x00"`, `notice"SELECT 1" login`, `R"\x00\x00\x00\x0bserver-first"`, `R""`, `v"\x00\x03\x00\x02\x00\x00\x00\x00" login`,
	}
	for i := range max(len(clients), len(servers)) * len(negotiationOptions) {
		fromClient, err := parseItems(clients[i%len(clients)])
		if err != nil {
			f.Fatal(err)
		}
		fromServer, err := parseItems(servers[i%len(servers)])
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(fromClient), []byte(fromServer), uint8(i%251))
	}
	f.Fuzz(func(t *testing.T, fromClient, fromServer []byte, option uint8) {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, negotiationOptions[int(option)%len(negotiationOptions)])
			s.open()
			done := make(chan struct{})
			go func() {
				defer close(done)
				s.serveAnyone(fromServer)
			}()
			conn, err := s.network.dial(context.Background(), "tcp", proxyAddress)
			if err != nil {
				t.Fatal(err)
			}
			client := newParty(conn)
			client.speaksAndEnds(fromClient)
			time.Sleep(10 * time.Minute) // beyond any limit of the proxy's
			synctest.Wait()
			if err := client.isAbandoned(); err != nil {
				t.Errorf("the connection does not end: %v", err)
			}
			_ = s.servers[serverAddress].Close() // once
			<-done
			s.closeUnharmed()
			if log := s.log.String(); strings.Count(log, "#1  connection end\n") != 1 {
				t.Errorf("the log does not say once that the connection has ended:\n%s", log)
			}
		})
	})
}

// serveAnyone says the same on each connection, until no one listens any more.
func (s *stage) serveAnyone(says []byte) {
	for {
		conn, err := s.servers[serverAddress].Accept()
		if err != nil {
			return
		}
		newParty(conn).speaksAndEnds(says)
	}
}

// speaksAndEnds says something, ends its half, and reads what it gets until its peer has ended.
func (p *party) speaksAndEnds(says []byte) {
	_, _ = p.raw.Write(says) // a peer that does not want it shows that in its own way
	_ = p.raw.CloseWrite()   // the same
	_, _ = io.Copy(io.Discard, p.raw)
	_ = p.raw.Close() // it is over
}
