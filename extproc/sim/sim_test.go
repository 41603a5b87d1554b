package sim

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// start returns a running server with fixed ids and a clock that never waits.
func start(t testing.TB, opt Options) (*Server, *Running) {
	t.Helper()
	if opt.Clock == nil {
		opt.Clock = NewInstant(testStart)
	}
	opt.Seed = 7
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := r.Shutdown(timeout(t)); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return s, r
}

// timeout returns a context that fails a test which would wait for ever.
func timeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// answered is a response as a client sees it.
type answered struct {
	status int
	header http.Header
	body   string
	close  bool  // the server said that it closes the connection
	err    error // reading the response or its body
}

// ask sends a request. Headers are "name: value".
func ask(t testing.TB, r *Running, method, path, body string, headers ...string) answered {
	t.Helper()
	req, err := http.NewRequestWithContext(timeout(t), method, r.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	if strings.HasPrefix(path, "/v1/messages") {
		req.Header.Set("X-Api-Key", "sk-ant-test")
		req.Header.Set("Anthropic-Version", "2023-06-01")
	} else {
		req.Header.Set("Authorization", "Bearer sk-test-0123456789")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answered{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answered{res.StatusCode, res.Header, string(text), res.Close, err}
}

// last waits for n exchanges and returns the newest.
func last(t testing.TB, s *Server, n int) Served {
	t.Helper()
	if err := s.Wait(timeout(t), n); err != nil {
		t.Fatalf("waiting for %d exchanges: %v", n, err)
	}
	all := s.Served()
	return all[len(all)-1]
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	file = "testdata/" + file
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s (rewrite with -update):\n%s", file, cmp.Diff(string(want), string(got)))
	}
}

const (
	chatBody    = `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello!"}]}`
	chatStreams = `{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"Hello!"}]}`
	respBody    = `{"model":"gpt-4o-mini","input":"Hello!"}`
	respStreams = `{"model":"gpt-4o-mini","stream":true,"input":"Hello!"}`
	msgBody     = `{"model":"claude-sonnet-5","max_tokens":100,"messages":[{"role":"user","content":"Hello!"}]}`
	msgStreams  = `{"model":"claude-sonnet-5","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Hello!"}]}`
)
