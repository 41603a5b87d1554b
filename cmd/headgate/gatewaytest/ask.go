package gatewaytest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/record"
)

// Request is what a client sends. Without a method it is a POST, without a
// content type it says JSON.
type Request struct {
	Method string
	Path   string
	Body   string
	Header map[string]string
	// Chunked sends the body without telling its length first.
	Chunked bool
}

// Answer is what a client got, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	Err    error // that broke the body off

	Protocol string               // such as HTTP/2.0
	TLS      *tls.ConnectionState // nil: plain
}

// Exchange returns the exchange id that the answer names.
func (a *Answer) Exchange() string { return a.Header.Get(record.ExchangeHeader) }

// client sends what a test says and nothing more: no encoding is asked for, no
// redirect followed.
var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// With returns the same gateway for a subtest, which its faults then fail.
func (g *Gateway) With(t testing.TB) *Gateway {
	c := *g
	c.t = t
	return &c
}

// Open sends a request and returns when the headers of its answer are there. The
// body must be closed.
func (g *Gateway) Open(ctx context.Context, r Request) *http.Response {
	g.t.Helper()
	resp, err := g.try(ctx, r)
	if err != nil {
		g.t.Fatalf("%s %s: %v", r.Method, r.Path, err)
	}
	return resp
}

func (g *Gateway) try(ctx context.Context, r Request) (*http.Response, error) {
	var body io.Reader
	if r.Body != "" || r.Chunked {
		body = strings.NewReader(r.Body)
	}
	if r.Chunked {
		body = io.MultiReader(body) // of a type whose length nobody knows
	}
	if r.Method == "" {
		r.Method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, g.URL+r.Path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	req.Host = req.Header.Get("Host") // empty: that of the URL
	if g.client != nil {
		return g.client.Do(req)
	}
	return client.Do(req)
}

// Ask sends a request and reads the whole answer.
func (g *Gateway) Ask(r Request) Answer {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return read(g.Open(ctx, r))
}

// Try is Ask if no answer may come at all. It may be called from any
// goroutine.
func (g *Gateway) Try(ctx context.Context, r Request) (Answer, error) {
	resp, err := g.try(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	return read(resp), nil
}

func read(resp *http.Response) Answer {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, string(body), err, resp.Proto, resp.TLS}
}

// Chat asks for a chat completion with a directive for the simulated provider.
func (g *Gateway) Chat(body, sim string, header ...string) Answer {
	g.t.Helper()
	return g.Ask(ChatRequest("/v1/chat/completions", body, sim, header...))
}

// Messages asks for an Anthropic message with a directive for the simulated
// provider.
func (g *Gateway) Messages(body, sim string, header ...string) Answer {
	g.t.Helper()
	return g.Ask(ChatRequest("/v1/messages", body, sim, append(header, "anthropic-version", "2023-06-01")...))
}

// ChatRequest makes a request with a directive for the simulated provider and
// with headers, as names and values in turn.
func ChatRequest(path, body, sim string, header ...string) Request {
	h := map[string]string{}
	for i := 0; i+1 < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	if sim != "" {
		h["x-sim"] = sim
	}
	return Request{Path: path, Body: body, Header: h}
}

// Internals returns the answer's headers that begin with x-headgate-, first
// values only, in lower case.
func (a *Answer) Internals() map[string]string {
	out := map[string]string{}
	for name := range maps.Keys(a.Header) {
		if name := strings.ToLower(name); strings.HasPrefix(name, "x-headgate-") {
			out[name] = a.Header.Get(name)
		}
	}
	return out
}

// Events splits the body of a stream into its events, blank lines left out.
func (a *Answer) Events() (events []string) {
	for ev := range strings.SplitSeq(strings.ReplaceAll(a.Body, "\r\n", "\n"), "\n\n") {
		if ev != "" {
			events = append(events, ev)
		}
	}
	return events
}

// Stream reads an answer event by event as it comes.
type Stream struct {
	Response *http.Response
	lines    *bufio.Reader
	cancel   context.CancelFunc
}

// Stream opens a streamed answer. Close ends it as a client that hangs up does.
func (g *Gateway) Stream(r Request) *Stream {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	resp := g.Open(ctx, r)
	s := &Stream{resp, bufio.NewReader(resp.Body), cancel}
	g.t.Cleanup(s.Close)
	return s
}

// Next returns the next event without its blank line, and io.EOF at the clean
// end.
func (s *Stream) Next() (string, error) {
	var ev bytes.Buffer
	for {
		line, err := s.lines.ReadString('\n')
		if text := strings.TrimRight(line, "\r\n"); text != "" {
			ev.WriteString(text + "\n")
		} else if err == nil && ev.Len() > 0 {
			return strings.TrimSuffix(ev.String(), "\n"), nil
		}
		if err != nil {
			return strings.TrimSuffix(ev.String(), "\n"), err
		}
	}
}

// Rest reads to the end and returns the number of further events, and nil if
// the end was clean.
func (s *Stream) Rest() (events int, err error) {
	for {
		_, err := s.Next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events++
	}
}

// Close hangs up.
func (s *Stream) Close() {
	s.cancel()
	_ = s.Response.Body.Close()
}

// Dial opens a connection for what no well-behaved client would send.
func (g *Gateway) Dial() net.Conn {
	g.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.URL, "http://"))
	if err != nil {
		g.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	g.t.Cleanup(func() { _ = conn.Close() })
	return conn
}
