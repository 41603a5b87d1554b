package extproctest

import (
	"context"
	"io"
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// Memory connects to a server without a socket: messages cross it encoded, by the
// server's own codec, but no gRPC. It is for tests that play very many streams.
func Memory(t testing.TB, server extprocv3.ExternalProcessorServer, codec encoding.CodecV2) *Envoy {
	return &Envoy{t: t, open: func(ctx context.Context) (extprocv3.ExternalProcessor_ProcessClient, error) {
		out, _ := metadata.FromOutgoingContext(ctx)
		c := &memoryClient{ctx: ctx, asked: make(chan []byte), said: make(chan []byte, 1), over: make(chan struct{})}
		go func() {
			defer close(c.over)
			c.err = server.Process(&memoryServer{client: c, ctx: metadata.NewIncomingContext(ctx, out), codec: codec})
		}()
		return c, nil
	}}
}

// memoryClient is Envoy's end of a stream.
type memoryClient struct {
	extprocv3.ExternalProcessor_ProcessClient
	ctx    context.Context
	asked  chan []byte
	said   chan []byte
	over   chan struct{} // closed as the server has ended the stream
	err    error         // that it ended with
	closed bool
}

func (c *memoryClient) Send(m *extprocv3.ProcessingRequest) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	select {
	case c.asked <- b:
		return nil
	case <-c.over:
		return io.EOF
	}
}

func (c *memoryClient) CloseSend() error {
	if !c.closed {
		c.closed = true
		close(c.asked)
	}
	return nil
}

func (c *memoryClient) Recv() (*extprocv3.ProcessingResponse, error) {
	var b []byte
	select {
	case b = <-c.said:
	case <-c.over:
		select {
		case b = <-c.said:
		default:
			if c.err == nil {
				return nil, io.EOF
			}
			return nil, c.err
		}
	}
	m := &extprocv3.ProcessingResponse{}
	return m, proto.Unmarshal(b, m)
}

// memoryServer is the server's end of a stream.
type memoryServer struct {
	extprocv3.ExternalProcessor_ProcessServer
	client *memoryClient
	ctx    context.Context
	codec  encoding.CodecV2
}

func (s *memoryServer) Context() context.Context { return s.ctx }

func (s *memoryServer) RecvMsg(v any) error {
	select {
	case b, more := <-s.client.asked:
		if !more {
			return io.EOF
		}
		return s.codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(b)}, v)
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

func (s *memoryServer) SendMsg(v any) error {
	out, err := s.codec.Marshal(v)
	if err != nil {
		return err
	}
	select {
	case s.client.said <- out.Materialize():
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}
