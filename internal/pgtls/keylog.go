package pgtls

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// OpenKeyLog opens a file to which the secrets of TLS connections are appended in the format of NSS
// (SSLKEYLOGFILE), so that Wireshark can decrypt them. If it creates the file, only the owner can
// read it.
//
// Any number of connections may share the key log, and other processes may append to the file: each
// line is one write. Writing never fails, because crypto/tls would then break the connection. The
// first failure, such as a full disk, goes to warn, and the lines concerned are lost.
func OpenKeyLog(path string, warn func(error)) (io.WriteCloser, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open key log: %w: check the path and its permissions", err)
	}
	return &keyLog{File: file, warn: warn}, nil
}

type keyLog struct {
	*os.File

	warn   func(error)
	failed sync.Once
}

// Write appends a line. crypto/tls passes whole lines.
func (k *keyLog) Write(line []byte) (int, error) {
	if _, err := k.File.Write(line); err != nil {
		k.failed.Do(func() { k.warn(fmt.Errorf("write key log: %w: the key log is incomplete", err)) })
	}
	return len(line), nil
}
