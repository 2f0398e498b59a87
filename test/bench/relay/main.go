// Command relay is the least that a TLS relay in Go can be: it ends TLS on one
// side, begins it anew on the other, and copies. It is what pgpi is measured
// against, and does nothing else.
//
//	relay LISTEN-ADDRESS SERVER-ADDRESS
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"time"
)

var sslRequest = []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: relay LISTEN-ADDRESS SERVER-ADDRESS")
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate()}, MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true, NextProtos: []string{"postgresql"}}
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", l.Addr())
	for {
		client, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(client, config)
	}
}

func serve(raw net.Conn, config *tls.Config) {
	defer raw.Close() //nolint:errcheck // it is over
	request := make([]byte, len(sslRequest))
	if _, err := io.ReadFull(raw, request); err != nil {
		return
	}
	if _, err := raw.Write([]byte("S")); err != nil {
		return
	}
	client := tls.Server(raw, config)
	rawServer, err := net.Dial("tcp", os.Args[2])
	if err != nil {
		log.Print(err)
		return
	}
	defer rawServer.Close() //nolint:errcheck // it is over
	if _, err := rawServer.Write(sslRequest); err != nil {
		return
	}
	if _, err := io.ReadFull(rawServer, request[:1]); err != nil {
		return
	}
	server := tls.Client(rawServer, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"postgresql"}})
	done := make(chan struct{}, 2)
	go pass(server, client, done)
	go pass(client, server, done)
	<-done
	<-done
}

func pass(to, from *tls.Conn, done chan struct{}) {
	_, _ = io.Copy(to, from) // either end may end it
	_ = to.CloseWrite()      // likewise
	done <- struct{}{}
}

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
