package token

import (
	"context"
	"crypto/hmac"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Holder is a pair's end. It proves to control planes that the pair has their token. Given a file,
// it believes no control plane that does not prove it, too. Without one it learns from a control
// plane that refuses it where the token is, and shows that if nobody but its own user can have
// written or can read the file; then it believes a control plane that proves nothing, as those of
// the release before do not. It is safe for concurrent use.
type Holder struct {
	file   string // empty: each control plane says where its own is
	now    func() time.Time
	within time.Duration // a control plane has to prove that it has the token

	mu     sync.Mutex
	learnt map[string]string // files, by address
}

// NewHolder makes a holder by the file of a token, which may be missing yet; empty: it learns the
// files.
func NewHolder(file string, now func() time.Time) *Holder {
	return &Holder{file: file, now: now, within: proveWithin, learnt: map[string]string{}}
}

// LearntError says that the control plane has refused a pair and said where its token is: the next
// attempt shows it.
type LearntError struct{ File string }

// Error implements error.
func (e *LearntError) Error() string { return "the control plane's token is in " + e.File }

func (h *Holder) fileAt(address string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file != "" {
		return h.file
	}
	return h.learnt[address]
}

// For is a gRPC interceptor of the streams to one address.
func (h *Holder) For(address string) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		ctx, cancel := context.WithCancel(ctx)
		s := &provenStream{holder: h, address: address, cancel: cancel}
		if file := h.fileAt(address); file != "" {
			secret, err := h.read(file)
			if err != nil {
				cancel()
				return nil, err
			}
			c := newClaim(h.now())
			if file == h.file {
				s.want = proof(secret, byPlane, c.nonce, c.at)
			}
			ctx = metadata.AppendToOutgoingContext(ctx, pairHeader, c.text(secret))
		}
		stream, err := streamer(ctx, desc, conn, method, opts...)
		if err != nil {
			cancel()
			return nil, err
		}
		s.ClientStream = stream
		return s, nil
	}
}

// read reads a token whose file this pair was given, or learnt.
func (h *Holder) read(file string) (string, error) {
	if file == h.file {
		return read(file)
	}
	return readOwn(file)
}

// learn takes where a control plane says that its token is, once for each file that it names.
func (h *Holder) learn(address, file string) error {
	if h.file != "" || h.fileAt(address) == file {
		return nil
	}
	if _, err := readOwn(file); err != nil {
		return fmt.Errorf("the control plane takes a token that this pair cannot use: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.learnt[address] = file
	return &LearntError{file}
}

// proveWithin is how long a control plane may take to prove that it has the token.
const proveWithin = 5 * time.Second

// provenStream is a stream on which nothing is said or heard before the control plane has proved
// to have the token.
type provenStream struct {
	grpc.ClientStream
	holder  *Holder
	address string
	want    string // the control plane's proof; empty: none was asked for
	cancel  context.CancelFunc
	once    sync.Once
	failed  error // to prove it
}

// SendMsg implements grpc.ClientStream.
func (s *provenStream) SendMsg(m any) error {
	s.once.Do(func() { s.failed = s.prove() })
	if s.failed != nil {
		return s.failed
	}
	return s.ClientStream.SendMsg(m)
}

// RecvMsg implements grpc.ClientStream.
func (s *provenStream) RecvMsg(m any) error {
	s.once.Do(func() { s.failed = s.prove() })
	if s.failed != nil {
		return s.failed
	}
	err := s.ClientStream.RecvMsg(m)
	if status.Code(err) != codes.Unauthenticated {
		return err
	}
	if file := s.Trailer().Get(fileHeader); len(file) == 1 {
		if learnt := s.holder.learn(s.address, file[0]); learnt != nil {
			return learnt
		}
	}
	return err
}

var errUnproven = status.Error(codes.Unauthenticated, "what answers does not prove to have the token of this pair's control plane; one of the version before cannot: give no --xds-token-file until it is upgraded")

// prove waits for the control plane's proof. A stream that ends without headers says why when it
// is read.
func (s *provenStream) prove() error {
	if s.want == "" {
		return nil
	}
	timer := time.AfterFunc(s.holder.within, s.cancel)
	header, err := s.Header()
	if !timer.Stop() {
		return errUnproven
	}
	if err != nil || header == nil {
		return nil
	}
	if shown := header.Get(planeHeader); len(shown) != 1 || !hmac.Equal([]byte(shown[0]), []byte(s.want)) {
		s.cancel()
		return errUnproven
	}
	return nil
}
