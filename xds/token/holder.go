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
// plane that refuses it where the token is, and proves to have that if nobody but its own user can
// have written or can read the file; then it believes a control plane that proves nothing, as those of
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
		s := &provenStream{holder: h, address: address, file: h.fileAt(address)}
		shows, err := h.begin(s)
		if err != nil {
			return nil, err
		}
		if shows != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, pairHeader, shows)
		}
		ctx, s.cancel = context.WithCancel(ctx)
		if s.ClientStream, err = streamer(ctx, desc, conn, method, opts...); err != nil {
			s.cancel()
			return nil, err
		}
		return s, nil
	}
}

// begin returns what a stream shows; empty: nothing, because a learnt file cannot be used.
func (h *Holder) begin(s *provenStream) (shows string, err error) {
	c := newClaim(h.now())
	switch {
	case s.file == "":
		return asks, nil
	case s.file != h.file:
		secret, err := readOwn(s.file)
		if s.unusable = err; err != nil {
			return "", nil
		}
		return c.text(secret), nil
	}
	secret, err := read(h.file)
	if err != nil {
		return "", err
	}
	s.want = proof(secret, byPlane, c.nonce, c.at)
	return c.text(secret), nil
}

// learn takes where a control plane says that its token is that refuses a stream which showed that
// in another file. Nil: there is nothing to learn.
func (h *Holder) learn(address, shown, file string) error {
	if h.file != "" || shown == file {
		return nil
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
	holder   *Holder
	address  string
	file     string // of the token; empty: it is not known
	unusable error  // why nothing of the file is shown; nil: something is
	want     string // the control plane's proof; empty: none was asked for
	cancel   context.CancelFunc
	once     sync.Once
	failed   error // to prove it
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
		if learnt := s.holder.learn(s.address, s.file, file[0]); learnt != nil {
			return learnt
		}
	}
	if s.unusable != nil {
		return fmt.Errorf("%w; this pair cannot use it: %w", err, s.unusable)
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
