package facts_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
)

// rig is one Envoy with its ext_proc server and its providers.
type rig struct {
	*extProc
	url       string
	admin     string
	addr      string // host:port of the gateway
	http      *http.Client
	received  *journal
	providers map[string]*provider
}

// start runs an Envoy as the setup wants it. Links left empty are filled with
// one provider each, named by the letters: start(t, s, "a", "b").
func start(t *testing.T, s setup, links ...string) *rig {
	t.Helper()
	return startWith(t, s, nil, links...)
}

func startWith(t *testing.T, s setup, options []grpc.ServerOption, links ...string) *rig {
	t.Helper()
	binary(t)
	if links == nil {
		links = []string{"a"}
	}
	r := &rig{received: &journal{}, providers: map[string]*provider{}}
	for priority, letters := range links {
		l := link{Priority: priority}
		for _, letter := range letters {
			p := startProvider(t, string(letter), r.received)
			r.providers[p.name] = p
			l.Endpoints = append(l.Endpoints, endpoint{Name: p.name, Port: p.port(), Fit: "any"})
		}
		s.Links = append(s.Links, l)
	}
	r.run(t, s, options)
	return r
}

func (r *rig) run(t *testing.T, s setup, options []grpc.ServerOption) {
	t.Helper()
	r.extProc, s.Socket = startExtProc(t, options...)
	s.AdminPort = freePort(t)
	r.admin = fmt.Sprintf("http://127.0.0.1:%d", s.AdminPort)
	if s.Address == "" {
		port := freePort(t)
		s.Address = fmt.Sprintf("{ socket_address: { address: 127.0.0.1, port_value: %d } }", port)
		r.addr = fmt.Sprintf("127.0.0.1:%d", port)
	}
	r.url = "http://" + r.addr
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 500, ExpectContinueTimeout: patience}
	r.http = &http.Client{Transport: transport, Timeout: 2 * patience}
	t.Cleanup(transport.CloseIdleConnections)
	startEnvoy(t, s.render(t), s.AdminPort)
}

// a is the provider of most tests.
func (r *rig) a() *provider { return r.providers["a"] }

// answer is what a client saw.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body; a cut is io.ErrUnexpectedEOF
}

// post sends a JSON body and reads the whole answer.
func (r *rig) post(t *testing.T, body string, headers ...string) answer {
	t.Helper()
	return r.send(t, http.MethodPost, "/v1/chat/completions", strings.NewReader(body), headers...)
}

func (r *rig) send(t *testing.T, method, path string, body io.Reader, headers ...string) answer {
	t.Helper()
	resp := r.open(t, context.Background(), method, path, body, headers...)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text), err: err}
}

// open sends a request and returns when the answer's headers are there.
func (r *rig) open(t *testing.T, ctx context.Context, method, path string, body io.Reader, headers ...string) *http.Response {
	t.Helper()
	resp, err := r.try(ctx, method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp
}

func (r *rig) try(ctx context.Context, method, path string, body io.Reader, headers ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.url+path, body)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return r.http.Do(req)
}

// readUntil reads until what was read ends in the text, and returns all of it.
func readUntil(t *testing.T, body io.Reader, end string) string {
	t.Helper()
	var got bytes.Buffer
	buf := make([]byte, 4096)
	for !strings.HasSuffix(got.String(), end) {
		n, err := body.Read(buf)
		got.Write(buf[:n])
		if err != nil && !strings.HasSuffix(got.String(), end) {
			t.Fatalf("reading up to %q: %v after %q", end, err, got.String())
		}
	}
	return got.String()
}

// within fails the test when the moment is further from since than the limit.
func within(t *testing.T, what string, since, moment time.Time, limit time.Duration) {
	t.Helper()
	if d := moment.Sub(since); d > limit {
		t.Errorf("%s took %v, want at most %v", what, d, limit)
	}
}

// contains reports whether the text has the part; an empty part is in no text.
func contains(text, part string) bool { return part != "" && strings.Contains(text, part) }

// stream opens an exchange whose answer must begin well, and has the provider
// write the first text meanwhile: Envoy 1.39 holds back the headers until then.
func (r *rig) stream(t *testing.T, ctx context.Context, write chan string, first string) *http.Response {
	t.Helper()
	go func() {
		select {
		case write <- first:
		case <-t.Context().Done():
		}
	}()
	resp := r.open(t, ctx, http.MethodPost, "/", strings.NewReader(`{}`))
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("answer: %d %v %s", resp.StatusCode, resp.Header, text)
	}
	return resp
}
