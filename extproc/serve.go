package extproc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/headgate/headgate/policy"
)

// Windows large enough that a whole body crosses the socket without waiting for
// the receiver; setting them switches the slower adaptive ones off.
const (
	streamWindow     = 1 << 20
	connectionWindow = 8 << 20
	messageMargin    = 1 << 20 // room for a body's message beside the body
	streamWorkers    = 64      // goroutines per core that serve streams again and again: their stacks have grown
)

// GRPC makes the gRPC server for a Server and the access log of unclean endings,
// which come over the same socket. Envoy bounds bodies by the policy in effect, so
// messages are bounded only by what any policy may allow.
func GRPC(s *Server, log *AccessLog) *grpc.Server {
	g := grpc.NewServer(
		grpc.InitialWindowSize(streamWindow),
		grpc.InitialConnWindowSize(connectionWindow),
		grpc.MaxRecvMsgSize(int(policy.Room(policy.MaxBody))+messageMargin),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.NumStreamWorkers(uint32(streamWorkers*runtime.GOMAXPROCS(0))),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	extprocv3.RegisterExternalProcessorServer(g, s)
	accesslogv3.RegisterAccessLogServiceServer(g, log)
	return g
}

// Listen opens the Unix socket that Envoy dials, for this user and group only. A
// socket that a crashed process left behind is removed; one that is still
// served is an error.
func Listen(path string) (*Listener, error) {
	if conn, err := net.Dial("unix", path); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("socket %s: another process serves it", path)
	}
	if err := removeSocket(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("opening the socket: %w", err)
	}
	if err := os.Chmod(path, 0o660); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("restricting the socket: %w", err)
	}
	return ListenOn(l), nil
}

// removeSocket removes the socket of a crashed process, and nothing but a socket.
func removeSocket(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("looking for an old socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("socket %s: something else is there: name another path, or remove it", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("removing the old socket: %w", err)
	}
	return nil
}

// Finish has exchanges refused that begin from now on, but for the gateway's own calls, and waits
// until those that had begun have ended, whose attempts are served meanwhile. It returns false if
// ctx is done before.
func (s *Server) Finish(ctx context.Context) bool {
	s.finishing.Store(true)
	return none(ctx, &s.begun)
}

// Cut says that what ends from now on without its answer does so because the process ends.
func (s *Server) Cut() { s.cutting.Store(true) }

// Drain lets the exchanges that are open end by themselves until ctx is done, then
// cuts the rest: Envoy sees a broken stream, never an OK, and their outcome says so. Envoy's log
// of endings is read until the last exchange has ended.
func Drain(ctx context.Context, g *grpc.Server, s *Server, log *AccessLog) {
	s.draining.Store(true)
	stopped := make(chan struct{})
	go func() {
		g.GracefulStop()
		close(stopped)
	}()
	if s.idle(ctx) {
		log.Stop()
	}
	select {
	case <-stopped:
	case <-ctx.Done():
		s.Cut()
		g.Stop()
		<-stopped
	}
}

// HandOver is Drain for a process in whose place another one serves: Envoy's log goes to that
// one from now on.
func HandOver(ctx context.Context, g *grpc.Server, s *Server, log *AccessLog) {
	time.AfterFunc(handOverLog, log.Stop)
	Drain(ctx, g, s, log)
	_ = s.idle(ctx) // streams that the other process hands over
}

// handOverLog is when Envoy's log streams are ended: Envoy has been asked by then to open others
// elsewhere.
const handOverLog = 100 * time.Millisecond

// idle waits until no stream is open; false if ctx is done before.
func (s *Server) idle(ctx context.Context) bool { return none(ctx, &s.open) }

// none waits until nothing of a number is left; false if ctx is done before.
func none(ctx context.Context, of *atomic.Int64) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for of.Load() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
