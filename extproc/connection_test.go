package extproc

import (
	"bytes"
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
)

// TestNoStreamIsRefusedAsEnvoyIsAskedToGo holds that a server that stops asks Envoy to open no more
// streams without a PING, and serves a stream that comes after that.
func TestNoStreamIsRefusedAsEnvoyIsAskedToGo(t *testing.T) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	shared, server := ListenOn(l), grpc.NewServer()
	served := make(chan error, 1)
	go func() { served <- server.Serve(shared) }()
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	envoy := http2.NewFramer(conn, conn)
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	if err := envoy.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	openCall(t, envoy, 1)
	awaitAnswer(t, envoy, 1)

	shared.Pause()
	go server.GracefulStop()
	for {
		f, err := envoy.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if away, ok := f.(*http2.GoAwayFrame); ok && away.LastStreamID == 1<<31-1 {
			break
		}
	}
	openCall(t, envoy, 3)
	awaitAnswer(t, envoy, 3)
	server.Stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// openCall opens a stream of a call that no server knows.
func openCall(t *testing.T, envoy *http2.Framer, id uint32) {
	t.Helper()
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	for _, h := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", "/a/b"}, {":authority", "x"}, {"content-type", "application/grpc"}, {"te", "trailers"}} {
		if err := e.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := envoy.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true}); err != nil {
		t.Fatal(err)
	}
}

// awaitAnswer waits for the answer of a stream. A PING that asks for an answer is a fault, as is a
// stream that is refused.
func awaitAnswer(t *testing.T, envoy *http2.Framer, id uint32) {
	t.Helper()
	for {
		f, err := envoy.ReadFrame()
		if err != nil {
			t.Fatalf("stream %d: %v", id, err)
		}
		switch f := f.(type) {
		case *http2.HeadersFrame:
			if f.StreamID == id {
				return
			}
		case *http2.PingFrame, *http2.RSTStreamFrame, *http2.GoAwayFrame:
			t.Fatalf("stream %d: %v", id, f)
		}
	}
}
