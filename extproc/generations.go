package extproc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	alsdatav3 "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/policy"
)

// Generations are the processes that serve a socket one after another. Those before this one
// finish what they began, and what Envoy brings here of an exchange of theirs is handed to
// them: the number of an exchange's process stands in its dynamic metadata, which no client
// can set. A path is made of the number alone. It is safe for concurrent use. nil: there is
// one process only.
type Generations struct {
	own   uint64
	since time.Time                      // this process has served
	path  func(generation uint64) string // of a generation's private socket

	mu    sync.Mutex
	conns map[uint64]*grpc.ClientConn
}

// NewGenerations makes the generations of a socket; own is that of this process, from 1, which has
// served since a time. Close must be called.
func NewGenerations(own uint64, since time.Time, path func(generation uint64) string) *Generations {
	return &Generations{own: own, since: since, path: path, conns: map[uint64]*grpc.ClientConn{}}
}

// name is how exchanges of this process name it; empty: there is one process only.
func (g *Generations) name() string {
	if g == nil {
		return ""
	}
	return strconv.FormatUint(g.own, 10)
}

// nameAt is how an exchange names its process that began at a time, and of which Envoy has heard
// nothing: the one before if that lives and served then.
func (g *Generations) nameAt(began time.Time) string {
	if g == nil || !began.Before(g.since) {
		return g.name()
	}
	if before := strconv.FormatUint(g.own-1, 10); g.to(before) != nil {
		return before
	}
	return g.name()
}

// to returns the connection to another process by its name; nil: it is this one, or none that
// lives.
func (g *Generations) to(name string) *grpc.ClientConn {
	if g == nil || name == "" {
		return nil
	}
	n, err := strconv.ParseUint(name, 10, 32)
	if err != nil || n == g.own {
		return nil
	}
	path := g.path(n)
	if _, err := os.Lstat(path); err != nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.conns[n]; c != nil {
		return c
	}
	c, err := grpc.NewClient("unix:"+path, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithInitialWindowSize(streamWindow), grpc.WithInitialConnWindowSize(connectionWindow),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(newCodec()), grpc.MaxCallRecvMsgSize(int(policy.Room(policy.MaxBody))+messageMargin)))
	if err != nil {
		return nil
	}
	g.conns[n] = c
	return c
}

// Close ends the connections to other processes.
func (g *Generations) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var errs []error
	for n, c := range g.conns {
		errs = append(errs, c.Close())
		delete(g.conns, n)
	}
	return errors.Join(errs...)
}

// handOver hands a stream to another process, message by message, to its end. What began it
// was read already.
func handOver(to *grpc.ClientConn, stream extprocv3.ExternalProcessor_ProcessServer, began []byte) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	in, _ := metadata.FromIncomingContext(ctx)
	out := metadata.MD{}
	for key, values := range in {
		if strings.HasPrefix(key, policy.HeaderPrefix) {
			out[key] = values
		}
	}
	there, err := to.NewStream(metadata.NewOutgoingContext(ctx, out), &extprocv3.ExternalProcessor_ServiceDesc.Streams[0], extprocv3.ExternalProcessor_Process_FullMethodName)
	if err != nil {
		return gone(err)
	}
	go func() {
		for m := (&frame{began}); there.SendMsg(m) == nil; {
			if err := stream.RecvMsg(m); errors.Is(err, io.EOF) {
				_ = there.CloseSend() // it never fails
				return
			} else if err != nil {
				cancel()
				return
			}
		}
	}()
	for m := new(frame); ; {
		if err := there.RecvMsg(m); errors.Is(err, io.EOF) {
			return nil // the other process has done its work
		} else if err != nil {
			return gone(err)
		}
		if err := stream.SendMsg(m); err != nil {
			return err
		}
	}
}

// gone is what Envoy gets of another process's error. It never is OK.
func gone(err error) error {
	if code := status.Code(err); code != codes.OK && code != codes.Unknown {
		return status.Error(code, "the process that has the exchange: "+status.Convert(err).Message())
	}
	return status.Error(codes.Unavailable, "the process that has the exchange cannot be reached")
}

// frame is a message that is passed on as it came.
type frame struct{ data []byte }

// ownMark is what a first message has if it is of a call that a process makes itself.
var ownMark = []byte(policy.OwnHeader)

// ofAnother returns the process whose own call a stream is; nil: it is none, or of this one.
// The stream that it returns is the same from its beginning.
func (s *Server) ofAnother(stream extprocv3.ExternalProcessor_ProcessServer) (same extprocv3.ExternalProcessor_ProcessServer, to *grpc.ClientConn, began []byte) {
	if s.generations == nil {
		return stream, nil, nil
	}
	m := &frame{}
	err := stream.RecvMsg(m)
	same = &begun{ExternalProcessor_ProcessServer: stream, first: m.data, err: err}
	if err != nil || !bytes.Contains(m.data, ownMark) {
		return same, nil, nil
	}
	ev := &event{}
	if ev.decode(m.data) != nil {
		return same, nil, nil
	}
	generation, _, _ := bytes.Cut(ev.headers.Get(policy.OwnHeader), []byte{'.'})
	return same, s.generations.to(string(generation)), m.data
}

// begun is a stream whose first message was read already.
type begun struct {
	extprocv3.ExternalProcessor_ProcessServer
	first []byte
	given bool  // first was received
	err   error // in place of it
}

// RecvMsg implements grpc.ServerStream.
func (b *begun) RecvMsg(v any) error {
	if b.err != nil {
		return b.err
	}
	if b.given {
		return b.ExternalProcessor_ProcessServer.RecvMsg(v)
	}
	b.given = true
	return v.(*event).decode(b.first)
}

// handOverTime is how long another process may take to read entries of the log.
const handOverTime = 2 * time.Second

// handOverEntries hands entries of Envoy's log to the process whose exchanges they are of.
// Entries may be lost.
func handOverEntries(to *grpc.ClientConn, entries []*alsdatav3.HTTPAccessLogEntry) {
	ctx, cancel := context.WithTimeout(context.Background(), handOverTime)
	defer cancel()
	stream, err := accesslogv3.NewAccessLogServiceClient(to).StreamAccessLogs(ctx)
	if err != nil {
		return
	}
	logs := &accesslogv3.StreamAccessLogsMessage_HTTPAccessLogEntries{LogEntry: entries}
	if stream.Send(&accesslogv3.StreamAccessLogsMessage{LogEntries: &accesslogv3.StreamAccessLogsMessage_HttpLogs{HttpLogs: logs}}) == nil {
		_, _ = stream.CloseAndRecv()
	}
}
