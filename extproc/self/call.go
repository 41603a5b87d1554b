package self

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/headgate/headgate/extproc/meter"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/price"
)

// Call is a request of Headgate's own, for a whole answer: it must not ask for a stream.
type Call struct {
	Feature  string      // what it is made for, one of the constants
	Parent   string      // id of the exchange on whose behalf it is made; empty: none
	Path     string      // as a client would post to it, which says the dialect, such as /v1/chat/completions
	Header   http.Header // beside what every call has, such as anthropic-version; nil: none
	Body     []byte      // in JSON; its model is one of the policy's
	MaxBytes int64       // of the answer's body; 0: DefaultMaxBytes
}

// DefaultMaxBytes bounds the answer to a call that sets no bound.
const DefaultMaxBytes = 4 << 20

// Answer is what came, whatever its status.
type Answer struct {
	Status   int
	Header   http.Header // in canonical form, with the headers of the gateway
	Body     []byte
	CostNano int64 // nano-USD
	Priced   bool  // false: nothing was consumed, or no price is known of it
}

// Do makes a call and waits for its whole answer. An answer of any status is no error. The
// context bounds the wait, and should have a deadline. Errors never show the body.
func (c *Client) Do(ctx context.Context, in Call) (*Answer, error) {
	if c == nil {
		return nil, ErrUnavailable
	}
	answer, err := c.do(ctx, &in)
	if errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrTimeout) {
		err = fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	c.metrics.calls.WithLabelValues(in.Feature, resultOf(err)).Inc()
	return answer, err
}

func (c *Client) do(ctx context.Context, in *Call) (*Answer, error) {
	if c.socket == "" {
		return nil, fmt.Errorf("%w: this process was given no socket for them (--own-calls)", ErrUnavailable)
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	const tries = 2 // a connection that Envoy has just closed took nothing
	for n := 1; ; n++ {
		answer, taken, err := c.try(ctx, in)
		if err == nil || taken || n == tries || ctx.Err() != nil || !errors.Is(err, ErrUnavailable) {
			return answer, err
		}
	}
}

// try makes a call once. It reports whether the exchange has begun in this process.
func (c *Client) try(ctx context.Context, in *Call) (answer *Answer, taken bool, err error) {
	token, call, err := c.open(in)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		taken = c.abandon(call)
		if err == nil && !taken {
			answer, err = nil, fmt.Errorf("%w: what answers at %s has not asked this process", ErrUnavailable, c.socket)
		}
	}()
	req, err := request(ctx, in, token)
	if err != nil {
		return nil, false, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, false, failed(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := read(ctx, resp.Body, in)
	if err != nil {
		return nil, false, err
	}
	answer = &Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
	if nano, err := price.ParseNano(resp.Header.Get(meter.CostHeader)); err == nil {
		answer.CostNano, answer.Priced = nano, true
		c.charge(call, nano)
	}
	return answer, false, nil
}

func request(ctx context.Context, in *Call, token string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://headgate"+in.Path, bytes.NewReader(in.Body))
	if err != nil {
		return nil, fmt.Errorf("making an own call: %w", err)
	}
	if in.Header != nil {
		req.Header = in.Header.Clone()
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(policy.OwnHeader, token)
	return req, nil
}

// read reads the answer's body.
func read(ctx context.Context, body io.Reader, in *Call) ([]byte, error) {
	bound := in.MaxBytes
	if bound == 0 {
		bound = DefaultMaxBytes
	}
	b, err := io.ReadAll(io.LimitReader(body, bound+1))
	switch {
	case int64(len(b)) > bound:
		return nil, fmt.Errorf("%w: it is larger than %d bytes", ErrTooLarge, bound)
	case err != nil:
		return nil, failed(ctx, err)
	}
	return b, nil
}

// failed says why a call failed: its context has ended, or the socket or the connection is to
// blame.
func failed(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
