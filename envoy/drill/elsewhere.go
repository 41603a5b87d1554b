package drill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// noName is a name that no resolver knows: RFC 6761 reserves its top level for that.
const noName = "http://primary.invalid/v1"

// blackhole is an address of this machine that answers no SYN: its queue of connections,
// which nobody accepts, is full, so that the kernel drops what comes.
type blackhole struct {
	fd     int
	queued []net.Conn
	url    string
}

func newBlackhole() (*blackhole, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	b := &blackhole{fd: fd}
	if err := b.fill(); err != nil {
		b.close()
		return nil, fmt.Errorf("an address that answers no SYN: %w", err)
	}
	return b, nil
}

// fill takes a port and fills its queue.
func (b *blackhole) fill() error {
	if err := syscall.Bind(b.fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := syscall.Listen(b.fd, 0); err != nil {
		return os.NewSyscallError("listen", err)
	}
	name, err := syscall.Getsockname(b.fd)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	at, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		return fmt.Errorf("a port of IPv4 has an address of type %T", name)
	}
	host := fmt.Sprintf("127.0.0.1:%d", at.Port)
	b.url = "http://" + host + "/v1"
	dialler := net.Dialer{Timeout: 200 * time.Millisecond}
	for range 16 {
		c, err := dialler.DialContext(context.Background(), "tcp", host)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			return nil
		}
		if err != nil {
			return err
		}
		b.queued = append(b.queued, c)
	}
	return errors.New("the queue of connections has no end")
}

func (b *blackhole) close() {
	for _, c := range b.queued {
		_ = c.Close()
	}
	_ = syscall.Close(b.fd)
}
