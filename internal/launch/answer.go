package launch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// answerLimit is how long a server may take to accept a connection.
const answerLimit = 5 * time.Second

// A Dialer connects. net.Dialer is one.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// FirstAnswering returns the first server that accepts a connection, which it closes again. For
// each server before it, refused says why that one does not. If none does, err is one sentence that
// names them all.
func FirstAnswering(ctx context.Context, servers []ServerLeg, dialer Dialer) (server ServerLeg, refused []error, err error) {
	for _, s := range servers {
		err := answers(ctx, s, dialer)
		if err == nil {
			return s, refused, nil
		}
		refused = append(refused, fmt.Errorf("connect to %s: %w", s, err))
		if ctx.Err() != nil {
			break
		}
	}
	var all []string
	for _, err := range refused {
		all = append(all, err.Error())
	}
	return ServerLeg{}, refused, errors.New(strings.Join(all, "; "))
}

func answers(ctx context.Context, s ServerLeg, dialer Dialer) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	conn, err := dialer.DialContext(ctx, s.Network(), s.Address())
	if err != nil {
		return reason(err)
	}
	return conn.Close()
}

// reason removes what package net adds to an error that already names the server: "dial tcp
// 127.0.0.1:5432: connect: ".
func reason(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return errors.New(lookup.Err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", answerLimit)
	}
	return err
}
