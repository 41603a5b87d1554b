package detector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/headgate/headgate/extproc/secret"
)

// MaxAnswer is the greatest size of an answer in bytes.
const MaxAnswer = 1 << 20

// Client posts JSON to one URL. It follows no redirect: texts go where the policy says and nowhere
// else. It is safe for concurrent use.
type Client struct {
	http   http.Client
	url    string
	bearer *secret.Source
}

// Client returns a client for a URL. The bearer's secret goes with every call; nil: none does.
func (s *Shared) Client(to *url.URL, bearer *secret.Source) *Client {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{http: http.Client{Transport: s.transport, CheckRedirect: stay}, url: to.String(), bearer: bearer}
}

// Post sends a body with further headers, which may be nil, and returns the whole answer. Any
// other status than 200 is an error.
func (c *Client) Post(ctx context.Context, body []byte, header http.Header) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("calling: %w", err)
	}
	c.setHeaders(req, header)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("calling: %w", withoutURL(err))
	}
	defer resp.Body.Close() // only read from: nothing can get lost
	if resp.StatusCode != http.StatusOK {
		return nil, statusError(resp.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if len(answer) > MaxAnswer {
		return nil, fmt.Errorf("the answer is longer than %d bytes", MaxAnswer)
	}
	return answer, nil
}

func (c *Client) setHeaders(req *http.Request, header http.Header) {
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	// Without a value the header is not sent, and the call may be repeated on another connection
	// if the service has closed the one that it was kept open on.
	req.Header["Idempotency-Key"] = nil
	if c.bearer != nil {
		c.bearer.Refresh(time.Now())
		req.Header.Set("Authorization", "Bearer "+c.bearer.Secret().Reveal())
	}
}

// withoutURL takes the URL out of an error: the guard's name says which one it is.
func withoutURL(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// statusError is a status other than 200.
type statusError int

func (s statusError) Error() string {
	if s >= 300 && s < 400 {
		return fmt.Sprintf("answered with status %d: redirects are not followed", int(s))
	}
	return fmt.Sprintf("answered with status %d", int(s))
}

// ofRequest reports whether the status is about what was asked: the service is alive, and other
// texts may do.
func (s statusError) ofRequest() bool {
	return s == http.StatusBadRequest || s == http.StatusRequestEntityTooLarge || s == http.StatusUnprocessableEntity
}
