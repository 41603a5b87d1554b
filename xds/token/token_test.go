package token

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

// made is the file of a token.
func made(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state", FileName)
	if err := Make(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// plane serves a stream to those that an interceptor lets in, and counts what it is sent.
func plane(t *testing.T, intercept grpc.StreamServerInterceptor) (lis *bufconn.Listener, received *atomic.Int64) {
	t.Helper()
	lis, received = bufconn.Listen(1<<16), new(atomic.Int64)
	s := grpc.NewServer(grpc.ChainStreamInterceptor(intercept, func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, heard{stream, received})
	}))
	healthv1.RegisterHealthServer(s, health.NewServer())
	go func() { _ = s.Serve(lis) }()
	t.Cleanup(s.Stop)
	return lis, received
}

// heard counts the messages of a stream's client.
type heard struct {
	grpc.ServerStream
	received *atomic.Int64
}

func (h heard) RecvMsg(m any) error {
	err := h.ServerStream.RecvMsg(m)
	if err == nil {
		h.received.Add(1)
	}
	return err
}

// ask opens a stream as a pair does and reads its first message.
func ask(t *testing.T, lis *bufconn.Listener, options ...grpc.DialOption) error {
	t.Helper()
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return lis.Dial() }))
	conn, err := grpc.NewClient("passthrough:///plane", options...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stream, err := healthv1.NewHealthClient(conn).Watch(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	_, err = stream.Recv()
	return err
}

func by(h *Holder) grpc.DialOption { return grpc.WithStreamInterceptor(h.For("plane")) }

// showing opens streams with a header.
func showing(value string) grpc.DialOption {
	return grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return streamer(metadata.AppendToOutgoingContext(ctx, pairHeader, value), desc, conn, method, opts...)
	})
}

// TestWhoIsLetIn asks a control plane with proofs of all kinds.
func TestWhoIsLetIn(t *testing.T) {
	path, other := made(t), made(t)
	secret, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := newClaim(now)
	for _, tt := range []struct {
		name            string
		dial            grpc.DialOption
		strict, lenient codes.Code
	}{
		{"the token", by(NewHolder(path, time.Now)), codes.OK, codes.OK},
		{"another token", by(NewHolder(other, time.Now)), codes.Unauthenticated, codes.Unauthenticated},
		{"nothing", grpc.WithUserAgent(""), codes.Unauthenticated, codes.OK},
		{"an old proof", showing(claim{"n", now.Add(-2 * fresh).Unix()}.text(secret)), codes.Unauthenticated, codes.Unauthenticated},
		{"a proof of the future", showing(claim{"n", now.Add(2 * fresh).Unix()}.text(secret)), codes.Unauthenticated, codes.Unauthenticated},
		{"a proof with another time", showing(strings.Replace(claim{"n", 1}.text(secret), " 1 ", " "+strings.Split(c.text(secret), " ")[1]+" ", 1)), codes.Unauthenticated, codes.Unauthenticated},
		{"a control plane's own proof", showing(strings.Join(append(strings.Split(c.text(secret), " ")[:2], proof(secret, byPlane, c.nonce, c.at)), " ")), codes.Unauthenticated, codes.Unauthenticated},
		{"the token itself", showing(secret), codes.Unauthenticated, codes.Unauthenticated},
		{"the question where the token is", showing(asks), codes.Unauthenticated, codes.Unauthenticated},
		{"an empty proof", showing(""), codes.Unauthenticated, codes.Unauthenticated},
		{"no time", showing("a b c"), codes.Unauthenticated, codes.Unauthenticated},
	} {
		for name, want := range map[string]codes.Code{"strict": tt.strict, "lenient": tt.lenient} {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				g := NewGuard(path, name == "lenient", time.Now, prometheus.NewRegistry(), zap.NewNop())
				lis, received := plane(t, g.Intercept)
				err := ask(t, lis, tt.dial)
				if status.Code(err) != want {
					t.Errorf("got %v", err)
				}
				counted := want != codes.OK && tt.name != "the question where the token is"
				if n := testutil.ToFloat64(g.refused); (n == 0) == counted || want != codes.OK && received.Load() != 0 {
					t.Errorf("%g are counted as refused, %d were served", n, received.Load())
				}
				if err != nil && strings.Contains(err.Error(), strings.TrimPrefix(secret, prefix)) {
					t.Errorf("the error quotes the token: %v", err)
				}
			})
		}
	}
}

// TestAPairLearnsWhereTheTokenIs holds that a pair without a file takes the one that the control
// plane names if it is its user's alone, and shows nothing of another.
func TestAPairLearnsWhereTheTokenIs(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(path string) error
		learns bool
	}{
		{"its user's alone", func(string) error { return nil }, true},
		{"others can read it", func(path string) error { return os.Chmod(path, 0o644) }, false},
		{"a group can write it", func(path string) error { return os.Chmod(path, 0o620) }, false},
		{"another user's", func(path string) error { return os.Chown(path, 65534, 65534) }, false},
		{"no token", func(path string) error { return os.WriteFile(path, []byte("secret"), 0o600) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := made(t)
			if err := tt.change(path); errors.Is(err, os.ErrPermission) {
				t.Skip("only root gives a file away")
			} else if err != nil {
				t.Fatal(err)
			}
			for name, lenient := range map[string]bool{"strict": false, "lenient": true} {
				g := NewGuard(path, lenient, time.Now, prometheus.NewRegistry(), zap.NewNop())
				lis, _ := plane(t, g.Intercept)
				h := NewHolder("", time.Now)
				var learnt *LearntError
				if err := ask(t, lis, by(h)); !errors.As(err, &learnt) || learnt.File != path {
					t.Fatalf("%s: %v", name, err)
				}
				err := ask(t, lis, by(h))
				if (err == nil) != (tt.learns || lenient) || errors.As(err, &learnt) {
					t.Errorf("%s: then %v", name, err)
				}
				if err != nil && !strings.Contains(err.Error(), path) {
					t.Errorf("the error does not name the file: %v", err)
				}
				if n := testutil.ToFloat64(g.refused); (n == 0) != (tt.learns || lenient) {
					t.Errorf("%s: %g are counted as refused", name, n)
				}
			}
		})
	}
}

// TestAnImpostorHearsNothing holds that a pair says nothing to what does not prove to have its
// token, and believes nothing that it says.
func TestAnImpostorHearsNothing(t *testing.T) {
	path, other := made(t), made(t)
	lenient := NewGuard(other, true, time.Now, prometheus.NewRegistry(), zap.NewNop())
	for name, intercept := range map[string]grpc.StreamServerInterceptor{
		"it answers at once": func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			_ = stream.SendHeader(nil)
			return handler(srv, stream)
		},
		"it sends the pair's own proof back": func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			md, _ := metadata.FromIncomingContext(stream.Context())
			shown := strings.Split(md.Get(pairHeader)[0], " ")
			_ = stream.SendHeader(metadata.Pairs(planeHeader, shown[2]))
			return handler(srv, stream)
		},
		"it says nothing": func(_ any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
			<-stream.Context().Done()
			return stream.Context().Err()
		},
		"it has another token": lenient.Intercept,
		"it names another token": func(_ any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
			stream.SetTrailer(metadata.Pairs(fileHeader, other))
			return status.Error(codes.Unauthenticated, "no")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lis, received := plane(t, intercept)
			h := NewHolder(path, time.Now)
			if name == "it says nothing" {
				h.within = 100 * time.Millisecond
			}
			var learnt *LearntError
			if err := ask(t, lis, by(h)); status.Code(err) != codes.Unauthenticated || errors.As(err, &learnt) {
				t.Errorf("got %v", err)
			}
			if received.Load() != 0 {
				t.Error("it was sent a message")
			}
		})
	}
}

// TestFilesOfTokens holds which files are none, and that several processes make one.
func TestFilesOfTokens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "on the way", FileName)
	done := make(chan error)
	for range 8 {
		go func() { done <- Make(path) }()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || Exposed(path) {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
	secret, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"empty": "", "short": secret[:8], "long": secret + strings.Repeat(" ", 300), "two": secret + "\n" + secret} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Make(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Make(t.TempDir()); err == nil {
		t.Error("a folder is taken for a token")
	}
	if err := os.WriteFile(path, []byte(secret), 0o646); err != nil || os.Chmod(path, 0o646) != nil || !Exposed(path) {
		t.Error("a file that all can write is not exposed")
	}
}
