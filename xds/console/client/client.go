// Package client asks the admin API of a control plane: a method per call, in a file
// per capability.
//
// The promise: what the API refuses is a *console.Failure, whose kind errors.Is finds;
// that it cannot be asked at all is an *UnreachableError, a *StrangerError or a *KeyError. The trap:
// a call that was given up, because its context or its time ended, may have changed
// something.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
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

	mu     sync.Mutex
	secret string // admin key; empty: none is needed
	ready  bool   // the secret is the one to ask with
}

// New returns a client that goes to an address, such as 127.0.0.1:8081, itself: no proxy
// leads to loopback, and the API redirects nobody. It asks with an admin key. Without one it
// finds that of a control plane on this machine, in a file that the control plane names.
func New(addr, secret string) *Client {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{addr: addr, secret: secret, ready: secret != "",
		http: http.Client{Transport: &http.Transport{}, Timeout: Timeout, CheckRedirect: stay}}
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

// question is one request to a path below console.Root.
type question struct {
	method, path string
	body         any
	header       http.Header
}

// ask sends one request with the key and decodes the answer.
func (c *Client) ask(ctx context.Context, method, path string, body, into any) error {
	if err := c.authenticate(ctx); err != nil {
		return err
	}
	q := question{method: method, path: path, body: body}
	if c.secret != "" {
		q.header = http.Header{"Authorization": {"Bearer " + c.secret}}
	}
	return c.send(ctx, q, into)
}

func (c *Client) send(ctx context.Context, q question, into any) error {
	req, err := c.request(ctx, q)
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

func (c *Client) request(ctx context.Context, q question) (*http.Request, error) {
	var data []byte
	if q.body != nil {
		var err error
		if data, err = json.Marshal(q.body); err != nil {
			return nil, fmt.Errorf("asking the admin API: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, q.method, "http://"+c.addr+console.Root+q.path, bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("address %q of the admin API: %w", c.addr, err)
	}
	maps.Copy(req.Header, q.header)
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}
