package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"

	"github.com/headgate/headgate/policy/loopback"
)

// port is what a process listens on.
type port struct {
	name   string // such as operations
	addr   string // host:port, or unix: and the path of a socket
	choose string // the flag or the policy's key that chooses another address
}

// listen opens a port. An error says who has it, if that can be known, and how to choose
// another.
func (p port) listen() (net.Listener, error) {
	if path, ok := socketPath(p.addr); ok {
		return listenSocket(path)
	}
	lis, err := net.Listen("tcp", p.addr)
	if err != nil {
		return nil, listenError(p, err)
	}
	return lis, nil
}

func listenError(p port, err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s port: %w: choose another address with %s", p.name, err, p.choose)
	}
	by := "another process"
	if holder := holderOf(p.addr); holder != "" {
		by = holder
	}
	return fmt.Errorf("%s port: %s is taken by %s: stop that, or choose another address with %s", p.name, p.addr, by, p.choose)
}

// CheckLoopback refuses an address that others could reach. The name says whose it is.
func CheckLoopback(name, addr string) error {
	local, err := loopback.HostPort(addr)
	switch {
	case err != nil:
		return &OptionsError{fmt.Errorf("%s address %q: %w", name, addr, err)}
	case !local:
		return &OptionsError{fmt.Errorf("%s address %q: only loopback is allowed", name, addr)}
	}
	return nil
}

// httpPort is a port that is served by HTTP.
type httpPort struct {
	net.Listener
	http   *http.Server
	served sync.WaitGroup
}

// openPort opens a port, or goes on with the listener of the process before; nil: there is none.
// Nobody is answered until serve is called.
func openPort(l *lifecycle, p port, before net.Listener, srv *http.Server) (*httpPort, error) {
	s := &httpPort{Listener: before, http: srv}
	if before == nil {
		lis, err := p.listen()
		if err != nil {
			return nil, err
		}
		s.Listener = lis
	}
	l.started(p.name+" port", s.stop)
	return s, nil
}

func (s *httpPort) serve() { s.served.Go(func() { _ = s.http.Serve(s.Listener) }) }

func (s *httpPort) stop(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	_ = s.Close() // it is closed already if it was served
	s.served.Wait()
	return err
}

// serveLoopback serves a port that only this machine can reach: it is not encrypted.
func serveLoopback(l *lifecycle, p port, srv *http.Server) (net.Addr, error) {
	if err := CheckLoopback(p.name, p.addr); err != nil {
		return nil, err
	}
	s, err := openPort(l, p, nil, srv)
	if err != nil {
		return nil, err
	}
	s.serve()
	return s.Addr(), nil
}
