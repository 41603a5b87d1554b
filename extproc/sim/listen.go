package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/headgate/headgate/policy/loopback"
)

// Running is a server with a listener of its own: HTTP/1.1 and unencrypted
// HTTP/2 on one port.
type Running struct {
	URL  string // http://host:port
	Addr net.Addr

	sim    *Server
	http   *http.Server
	cancel context.CancelFunc // ends every exchange
	done   chan error         // receives what Serve returned
}

// Listen binds addr, such as "127.0.0.1:0", and serves until Shutdown. It refuses
// an address beyond loopback.
func (s *Server) Listen(addr string) (*Running, error) {
	local, err := loopback.HostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	if !local {
		return nil, fmt.Errorf("sim: address %q: only loopback is allowed", addr)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	return s.Serve(ln), nil
}

// Serve serves on ln, which it closes, until Shutdown.
func (s *Server) Serve(ln net.Listener) *Running {
	ctx, cancel := context.WithCancel(context.Background())
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	r := &Running{
		URL: "http://" + ln.Addr().String(), Addr: ln.Addr(), sim: s, cancel: cancel, done: make(chan error, 1),
		http: &http.Server{
			Handler: s, Protocols: protocols, ConnContext: ConnContext,
			BaseContext:       func(net.Listener) context.Context { return ctx },
			ReadHeaderTimeout: 30 * time.Second,
		},
	}
	go func() { r.done <- r.http.Serve(ln) }()
	return r
}

// Shutdown stops accepting, ends what hangs, and lets other exchanges finish
// until ctx ends; then it breaks them off. It returns when the listener is
// closed, with ctx's error if exchanges were broken off.
func (r *Running) Shutdown(ctx context.Context) error {
	defer r.cancel()
	r.sim.Close()
	err := r.http.Shutdown(ctx)
	if err != nil {
		r.cancel()
		err = errors.Join(err, r.http.Close())
	}
	if served := <-r.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
