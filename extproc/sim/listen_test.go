package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// h2 returns a client that speaks unencrypted HTTP/2 only.
func h2(t *testing.T) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestHTTP2(t *testing.T) {
	for _, c := range []struct {
		sim, body string
		broken    bool
		has       string
		ended     Ended
	}{
		{"", chatStreams, false, "[DONE]", EndedComplete},
		{"", chatBody, false, "chat.completion", EndedComplete},
		{"cut=3", chatStreams, true, "Voilà", EndedCut},
		{"reset=3", chatStreams, true, "", EndedCut},
		{"content-length=30", chatBody, false, "chatcmpl", EndedComplete},
		{"drip=5;gzip", chatStreams, false, "", EndedComplete},
	} {
		t.Run(c.sim, func(t *testing.T) {
			s, r := start(t, Options{})
			client := h2(t)
			req, _ := http.NewRequestWithContext(timeout(t), "POST", r.URL+"/v1/chat/completions", strings.NewReader(c.body))
			req.Header.Set("Authorization", "Bearer k")
			req.Header.Set("X-Sim", c.sim)
			res, err := client.Do(req)
			if err != nil && !c.broken {
				t.Fatal(err)
			}
			var body []byte
			if err == nil {
				body, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if (err != nil) != c.broken || !strings.Contains(string(body), c.has) {
				t.Errorf("%v %q", err, body)
			}
			if served := last(t, s, 1); served.Proto != "HTTP/2.0" || served.Ended != c.ended {
				t.Errorf("served %+v", served)
			}
		})
	}
}

func TestListenStaysOnLoopback(t *testing.T) {
	s, _ := New(Options{})
	if r, err := s.Listen("0.0.0.0:0"); err == nil {
		r.Shutdown(timeout(t))
		t.Error("listens everywhere")
	}
	if _, err := s.Listen("127.0.0.1:99999"); err == nil || !strings.HasPrefix(err.Error(), "sim: ") {
		t.Errorf("bad port: %v", err)
	}
}

func TestShutdownEndsWhatHangs(t *testing.T) {
	s, _ := New(Options{})
	r, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan answered)
	go func() { got <- ask(t, r, "POST", "/v1/chat/completions", chatBody, "X-Sim: hang=headers") }()
	if err := s.WaitReceived(timeout(t), 1); err != nil {
		t.Fatal(err)
	}
	if err := r.Shutdown(timeout(t)); err != nil {
		t.Error(err)
	}
	if a := <-got; a.err == nil {
		t.Errorf("an answer came: %+v", a)
	}
	if served := last(t, s, 1); served.Ended != EndedHung {
		t.Errorf("served %+v", served)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestShutdownBreaksOffWhatTakesTooLong(t *testing.T) {
	s, _ := New(Options{})
	r, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan answered)
	go func() { got <- ask(t, r, "POST", "/v1/chat/completions", chatBody, "X-Sim: ttft=1h") }()
	s.WaitReceived(timeout(t), 1)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("shutdown: %v", err)
	}
	if a := <-got; a.err == nil {
		t.Errorf("an answer came: %+v", a)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestControl(t *testing.T) {
	s, r := start(t, Options{})
	if got := ask(t, r, "PUT", "/sim/script", "rules: [{do: {status: 503}}]"); got.status != 204 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := ask(t, r, "PUT", "/sim/script", "rules: [{do: {status: 1}}]"); got.status != 400 || !strings.Contains(got.body, "script:1:15") {
		t.Errorf("bad script: %d %s", got.status, got.body)
	}
	if got := ask(t, r, "POST", "/v1/chat/completions", chatBody); got.status != 503 {
		t.Errorf("script: %d", got.status)
	}
	last(t, s, 1)
	plain, full := ask(t, r, "GET", "/sim/log", ""), ask(t, r, "GET", "/sim/log?full=1", "")
	var line logLine
	if err := json.Unmarshal([]byte(plain.body), &line); err != nil || line.Status != 503 || line.Model != "gpt-4o-mini" {
		t.Errorf("%v %s", err, plain.body)
	}
	if strings.Contains(plain.body, "sk-test-0123456789") || strings.Contains(plain.body, "Hello!") {
		t.Errorf("the log shows too much: %s", plain.body)
	}
	if !strings.Contains(full.body, "Bearer sk-test-0123456789") || !strings.Contains(full.body, "Hello!") {
		t.Errorf("the full log shows too little: %s", full.body)
	}
	if got := ask(t, r, "DELETE", "/sim/log", ""); got.status != 204 || len(s.Served()) != 0 {
		t.Errorf("delete: %d, %d left", got.status, len(s.Served()))
	}
}

func TestJournalIsBounded(t *testing.T) {
	j := newJournal(3, 100)
	for i := range 5 {
		j.finish(&Served{Seq: int64(i), Body: make([]byte, 30)}, j.arrive())
	}
	if got := j.all(); len(got) != 3 || got[0].Seq != 2 {
		t.Errorf("by count: %+v", got)
	}
	j.finish(&Served{Seq: 9, Body: make([]byte, 90)}, j.arrive())
	if got := j.all(); len(got) != 1 || got[0].Seq != 9 || j.bytes != 90 {
		t.Errorf("by bytes: %+v", got)
	}
	epoch := j.arrive()
	j.reset()
	j.finish(&Served{}, epoch)
	if got := j.all(); len(got) != 0 || j.finished != 0 {
		t.Errorf("from before the reset: %+v", got)
	}
}

func TestManyAtOnce(t *testing.T) {
	s, r := start(t, Options{Keep: 10})
	var wg sync.WaitGroup
	ids := sync.Map{}
	for i := range 40 {
		wg.Go(func() {
			got := ask(t, r, "POST", "/v1/messages", msgBody, fmt.Sprintf("X-Sim: tokens=%d", i))
			id := wire.Str(scan.Value(got.body).Get("id"))
			if _, dup := ids.LoadOrStore(id, true); dup || got.status != 200 {
				t.Errorf("%d, id %q twice: %v", got.status, id, dup)
			}
		})
	}
	wg.Wait()
	last(t, s, 40)
	if n := len(s.Served()); n != 10 {
		t.Errorf("%d kept", n)
	}
}

func TestTooLargeARequest(t *testing.T) {
	_, r := start(t, Options{MaxBody: 50})
	if got := ask(t, r, "POST", "/v1/messages", msgBody); got.status != 413 || !strings.Contains(got.body, "request_too_large") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func BenchmarkAnswer(b *testing.B) {
	for _, c := range []struct{ name, body string }{{"json", chatBody}, {"stream", chatStreams}} {
		b.Run(c.name, func(b *testing.B) {
			s, err := New(Options{Keep: 100})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				req := httptest.NewRequest("POST", "/v1/chat/completions", strings.NewReader(c.body))
				req.Header.Set("Authorization", "Bearer k")
				w := httptest.NewRecorder()
				if s.ServeHTTP(w, req); w.Code != 200 {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
