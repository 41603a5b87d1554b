package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/takeover"
)

// The names of the listeners that one process hands to the next.
const (
	socketName     = "socket"
	operationsName = "operations"
)

// MaxServedSocket is the greatest length in bytes of the path of a socket that processes serve
// one after another: longer ones are beside it.
const MaxServedSocket = maxSocket - takeover.MaxSuffix

// DefaultDrain is how long answers may take to end once another process serves.
const DefaultDrain = 10 * time.Minute

// succession is the seat of a socket, with the socket.
type succession struct {
	seat    *takeover.Seat
	socket  *extproc.Listener
	release func() // gives up the seat, if it is this process's still
	leaving func() // stops all that the next process does in place of this one; set before begin
	log     *zap.Logger
}

// succeed takes a socket, from the process that serves it if there is one: that serves on until
// begin is called.
func succeed(l *lifecycle, path string, log *zap.Logger) (*succession, error) {
	seat, err := takeover.Take(context.Background(), path)
	if err != nil {
		return nil, err
	}
	s := &succession{seat: seat, log: log}
	s.release = sync.OnceFunc(func() { seat.Release(s.stopAccepting) })
	l.started("seat", s.stop)
	before, err := seat.Inherited(socketName)
	if err != nil {
		return nil, err
	}
	if before != nil {
		s.socket = extproc.ListenOn(before.(*net.UnixListener))
	} else if s.socket, err = extproc.Listen(path); err != nil {
		return nil, err
	}
	seat.Offer(socketName, s.socket)
	return s, nil
}

// stop gives up the seat and the socket.
func (s *succession) stop(context.Context) error {
	s.release()
	if s.socket != nil {
		_ = s.socket.Close() // it is closed already if it was served
	}
	return nil
}

// stopAccepting leaves what is not accepted yet to another process. Without one the path goes.
func (s *succession) stopAccepting(another bool) {
	if s.socket == nil {
		return
	}
	s.socket.SetUnlinkOnClose(false)
	s.socket.Pause()
	if !another {
		_ = os.Remove(s.seat.Socket) // the next process removes one that stays
	}
}

// operations is the listener of the process before, if it has the address; nil: it has not.
func (s *succession) operations(address string) (net.Listener, error) {
	l, err := s.seat.Inherited(operationsName)
	if err != nil || l == nil {
		return nil, err
	}
	if want, err := netip.ParseAddrPort(address); err == nil && want.String() == l.Addr().String() {
		return l, nil
	}
	return nil, l.Close()
}

// reservePort keeps the Envoys of other pairs off an address that those of this pair share: the
// kernel would give them clients of this one. Its lock is a socket in the same network namespace
// as the port, without a file, and goes to the next process with the seat.
func (s *succession) reservePort(l *lifecycle, address netip.AddrPort) error {
	name := "@headgate " + address.String()
	lock, err := s.seat.Inherited(name)
	if err == nil && lock == nil {
		lock, err = net.Listen("unix", name)
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("gateway port: the Envoys of another pair listen on %s: stop that pair, or choose another address with --listen", address)
	}
	if err != nil {
		return fmt.Errorf("gateway port: reserving %s, which takes Linux: %w", address, err)
	}
	l.started("gateway port", func(context.Context) error { return lock.Close() })
	s.seat.Offer(name, lock.(*net.UnixListener))
	return nil
}

// begin has the process before accept nothing any more.
func (s *succession) begin() error {
	before := s.seat.Before()
	if err := s.seat.Begin(s.yield); err != nil {
		return err
	}
	if before != 0 {
		s.log.Info("taking over", zap.Int("from", before), zap.Uint64("generation", s.seat.Generation))
	}
	return nil
}

// yield leaves to another process all but what is under way.
func (s *succession) yield() {
	s.log.Info("another process takes over: letting answers that are under way end")
	s.leaving()
	s.stopAccepting(true)
}

// succeeded reports whether another process serves.
func (s *succession) succeeded() bool {
	select {
	case <-s.seat.Succeeded():
		return true
	default:
		return false
	}
}

// policyAfter is how long a process that takes over waits for a policy.
const policyAfter = 20 * time.Second

// awaitPolicy waits for a policy, without which nothing is taken over.
func (s *succession) awaitPolicy(d *dataPlane) error {
	for end := time.Now().Add(policyAfter); d.newest.Load() == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("no policy came within %v: process %d serves on", policyAfter, s.seat.Before())
		}
	}
	return nil
}
