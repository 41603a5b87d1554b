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

// serveLoopback serves a port that only this machine can reach: it is not encrypted.
func serveLoopback(l *lifecycle, p port, srv *http.Server) (net.Addr, error) {
	if err := CheckLoopback(p.name, p.addr); err != nil {
		return nil, err
	}
	return serve(l, p, srv)
}

// serve serves a port, whoever reaches it.
func serve(l *lifecycle, p port, srv *http.Server) (net.Addr, error) {
	lis, err := p.listen()
	if err != nil {
		return nil, err
	}
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(lis) })
	l.started(p.name+" port", func(ctx context.Context) error {
		err := srv.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, srv.Close())
		}
		served.Wait()
		return err
	})
	return lis.Addr(), nil
}
