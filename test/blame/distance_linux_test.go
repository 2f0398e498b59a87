package blame

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The two ends of the distance.
const (
	hereAddress = "10.77.0.1"
	farAddress  = "10.77.0.2"
)

// place is a network namespace. Nil is the one that everybody is in.
type place struct {
	namespace *os.File
	tun       *os.File // its end of the distance
}

// enter moves the test's goroutine to a place. It keeps its thread, which ends with it.
func (p *place) enter(t *testing.T) {
	t.Helper()
	if p == nil {
		return
	}
	runtime.LockOSThread() // never undone: no other goroutine may run there by accident
	if err := unix.Setns(int(p.namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		t.Fatalf("enter a network namespace: %v", err)
	}
}

// do does something in a place, on a thread of its own.
func (p *place) do(something func() error) error {
	if p == nil {
		return something()
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		err := unix.Setns(int(p.namespace.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			err = something()
		}
		failed <- err
	}()
	return <-failed
}

// dial connects from a place.
func (p *place) dial(address string) (conn net.Conn, err error) {
	err = p.do(func() (err error) {
		conn, err = new(net.Dialer).DialContext(context.Background(), "tcp", address)
		return err
	})
	return conn, err
}

// listen listens at a place until the test ends, and serves those who connect. It returns the address.
func (p *place) listen(t *testing.T, address string, serve func(net.Listener)) string {
	t.Helper()
	var l net.Listener
	err := p.do(func() (err error) {
		l, err = new(net.ListenConfig).Listen(context.Background(), "tcp", net.JoinHostPort(address, "0"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // it ends with the test
	go serve(l)
	return l.Addr().String()
}

// makeDistance makes two places between which a packet takes a while, there and back. The test is
// skipped where that is not possible.
func makeDistance(t *testing.T, thereAndBack time.Duration) (here, far *place) {
	t.Helper()
	here, far = newPlace(t, hereAddress), newPlace(t, farAddress)
	go carry(here.tun, far.tun, thereAndBack/2)
	go carry(far.tun, here.tun, thereAndBack/2)
	return here, far
}

// newPlace makes a network namespace with a loopback and an end of the distance.
func newPlace(t *testing.T, address string) *place {
	t.Helper()
	p := &place{}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		failed <- p.make(address)
	}()
	if err := <-failed; err != nil {
		missing(t, err)
	}
	t.Cleanup(func() {
		_ = p.tun.Close() // ends the carrying
		_ = p.namespace.Close()
	})
	return p
}

// missing skips a test, or fails it where CI=true says that nothing may be left out.
func missing(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("no distance can be made here: %v", err)
	}
	t.Skipf("no distance can be made here: %v: run this test as root, or where users may have namespaces and /dev/net/tun", err)
}

func (p *place) make(address string) (err error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	if p.namespace, err = os.Open("/proc/thread-self/ns/net"); err != nil {
		return err
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open /dev/net/tun: %w", err)
	}
	device, err := unix.NewIfreq("distance")
	if err != nil {
		return err
	}
	device.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, device); err != nil {
		return fmt.Errorf("make a TUN device: %w", err)
	}
	p.tun = os.NewFile(uintptr(fd), "tun") // which can be polled only now
	return errors.Join(setUp("lo", "127.0.0.1"), setUp("distance", address))
}

// setUp gives a device an address with a network of 256, and switches it on (netdevice(7)).
func setUp(device, address string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }() // it was for settings
	for _, setting := range []struct {
		request uint
		address net.IP
	}{{unix.SIOCSIFADDR, net.ParseIP(address)}, {unix.SIOCSIFNETMASK, net.IPv4(255, 255, 255, 0)}, {unix.SIOCSIFFLAGS, nil}} {
		r, err := unix.NewIfreq(device)
		if err != nil {
			return err
		}
		if setting.address == nil {
			r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
		} else if err := r.SetInet4Addr(setting.address.To4()); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(fd, setting.request, r); err != nil {
			return fmt.Errorf("set up the device %s: %w", device, err)
		}
	}
	return nil
}

// packet is one on its way.
type packet struct {
	due   time.Time
	bytes []byte
}

// carry takes packets from one end to the other, each after a while, until one is closed.
func carry(from, to *os.File, delay time.Duration) {
	const many = 1 << 16 // a sender waits when so many are on their way
	way := make(chan packet, many)
	defer close(way)
	go func() {
		for p := range way {
			time.Sleep(time.Until(p.due))
			_, _ = to.Write(p.bytes) // a packet that is lost is sent again
		}
	}()
	for {
		b := make([]byte, 1<<16)
		n, err := from.Read(b)
		if err != nil {
			return
		}
		way <- packet{time.Now().Add(delay), b[:n]}
	}
}
