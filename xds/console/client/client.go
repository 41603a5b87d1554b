// Package client asks the admin API of a control plane: a method per call, in a file
// per capability.
//
// The promise: what the API refuses is a *console.Failure, whose kind errors.Is finds;
// that it cannot be asked at all is an *UnreachableError or a *StrangerError. The trap:
// a call that was given up, because its context or its time ended, may have changed
// something.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/headgate/headgate/xds/console"
)

// Timeout bounds one call. The API itself gives up earlier, and says so.
const Timeout = time.Minute

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 256 << 20

// Client asks the admin API at one address. It is safe for concurrent use.
type Client struct {
	addr string
	http http.Client
}

// New returns a client that goes to an address, such as 127.0.0.1:8081, itself: no proxy
// leads to loopback, and the API redirects nobody.
func New(addr string) *Client {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{addr: addr, http: http.Client{Transport: &http.Transport{}, Timeout: Timeout, CheckRedirect: stay}}
}

// UnreachableError says that nothing answers at an address.
type UnreachableError struct {
	Addr string
	Err  error
}

// Error says what must be running there.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no admin API at %s (%v): headgate run or headgate xds must be running there", e.Addr, e.Err)
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// StrangerError says that what answers at an address is not the admin API.
type StrangerError struct {
	Addr   string
	Status int
}

// Error says what it answers.
func (e *StrangerError) Error() string {
	return fmt.Sprintf("%s answers with status %d and is not Headgate's admin API", e.Addr, e.Status)
}

// ask sends one request to a path below console.Root and decodes the answer.
func (c *Client) ask(ctx context.Context, method, path string, body, into any) error {
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return &UnreachableError{c.addr, err}
	}
	defer resp.Body.Close()
	answer := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode == http.StatusOK {
		if err := answer.Decode(into); err != nil {
			return fmt.Errorf("reading the answer of %s, which may not be Headgate: %w", c.addr, err)
		}
		return nil
	}
	var f console.Failure
	if err := answer.Decode(&f); err != nil || f.Cause.Code == "" {
		return &StrangerError{c.addr, resp.StatusCode}
	}
	return &f
}

func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("asking the admin API: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.addr+console.Root+path, bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("address %q of the admin API: %w", c.addr, err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}
