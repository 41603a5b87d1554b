package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Call is one request to a route, by somebody who has the right that the route takes. It
// is for one goroutine.
type Call struct {
	By Principal

	request  *http.Request
	body     []byte
	revision string // of what is answered; empty: it has none
	stopping <-chan struct{}

	mu     sync.Mutex
	record Record // of a change
}

// newCall reads the body, if the request may have one.
func newCall(r *http.Request, by Principal, stopping <-chan struct{}) (*Call, error) {
	c := &Call{By: by, request: r, stopping: stopping}
	if err := readable(r.URL); err != nil {
		return nil, err
	}
	if slices.Contains(safe, r.Method) {
		return c, nil
	}
	var err error
	c.body, err = io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, TooLarge.New("the body is larger than %d bytes", large.Limit)
	case err != nil:
		return nil, BadRequest.New("reading the body: %v", err)
	}
	return c, nil
}

// readable refuses a URL with what no database takes as text.
func readable(u *url.URL) error {
	query, err := url.QueryUnescape(u.RawQuery)
	if err != nil {
		return BadRequest.New("reading the query: %v", err)
	}
	if text := u.Path + query; !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return BadRequest.New("the URL has bytes that are no text")
	}
	return nil
}

// Context ends with the time of the call, or when whoever asks has left.
func (c *Call) Context() context.Context { return c.request.Context() }

// Stopping is closed as the server begins to stop, which waits for the calls that are under way.
func (c *Call) Stopping() <-chan struct{} { return c.stopping }

// PathValue returns what stands for a name in the route's path.
func (c *Call) PathValue(name string) string { return c.request.PathValue(name) }

// Query returns what the URL asks for.
func (c *Call) Query() url.Values { return c.request.URL.Query() }

// Decode reads a body that is one JSON value without unknown keys.
func (c *Call) Decode(into any) error {
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("something follows the JSON value")
		}
	}
	var misplaced *json.UnmarshalTypeError
	if errors.As(err, &misplaced) { // its own text names types of this program
		return BadRequest.New("reading the body: %s cannot be a JSON %s", cmp.Or(misplaced.Field, "the value"), misplaced.Value)
	}
	return BadRequest.New("reading the body: %v", err)
}

// Tag names the revision of what is answered, as the answer's entity tag.
func (c *Call) Tag(revision string) { c.revision = revision }

// Match returns the revision that must be in effect by If-Match; empty: any. A weak tag,
// or a list, does not name one.
func (c *Call) Match() (revision string, ok bool) {
	tag := c.request.Header.Get("If-Match")
	if tag == "" {
		return "", true
	}
	revision, opened := strings.CutPrefix(tag, `"`)
	revision, closed := strings.CutSuffix(revision, `"`)
	return revision, opened && closed && revision != "" && !strings.Contains(revision, `"`)
}

// within runs a handler until the time of the call is over. A panic of the handler goes
// on in the goroutine of the server, which logs it, with the stack that it came from.
func (c *Call) within(handle func(*Call) (any, error)) (any, error) {
	type result struct {
		answer   any
		err      error
		panicked any
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() { r.panicked = withStack(recover()); done <- r }()
		r.answer, r.err = handle(c)
	}()
	select {
	case r := <-done:
		if r.panicked != nil {
			panic(r.panicked)
		}
		return r.answer, r.err
	case <-c.Context().Done():
		return nil, TimedOut.New("it took too long and may still take effect: %v", c.Context().Err())
	}
}

// withStack adds the stack to a panic, unless nobody is to hear of it.
func withStack(panicked any) any {
	err, _ := panicked.(error)
	if panicked == nil || errors.Is(err, http.ErrAbortHandler) {
		return panicked
	}
	return fmt.Sprintf("%v\n%s", panicked, debug.Stack())
}
