package detector

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// hang answers nothing until the client leaves. The body must be read for the server to see that.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the client may leave meanwhile
	<-r.Context().Done()
}

// drip sends a byte at a time for as long as the client stays.
func drip(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // as for hang
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, " "); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		time.Sleep(time.Millisecond)
	}
}

func writes(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client may leave before the end
	}
}

// breaks ends the connection within the answer.
func breaks(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "{}") // the connection ends anyway
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func TestWhatServicesDoToCalls(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	redirects := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc // nil: nothing listens
		timeout time.Duration
		answer  string
		result  Result
		err     string // how it begins
	}{
		{"a right answer", writes(200, `{"a":1}`), time.Minute, `{"a":1}`, OK, ""},
		{"an answer as long as may be", writes(200, strings.Repeat(" ", MaxAnswer)), time.Minute, strings.Repeat(" ", MaxAnswer), OK, ""},
		{"a longer one", writes(200, strings.Repeat(" ", MaxAnswer+1)), time.Minute, "", Failed, "the answer is longer than 1048576 bytes"},
		{"nothing listens", nil, time.Minute, "", Refused, "calling: dial tcp 127.0.0.1:"},
		{"no answer", hang, 50 * time.Millisecond, "", Timeout, "calling: context deadline exceeded"},
		{"an answer that never ends", drip, 50 * time.Millisecond, "", Timeout, "reading the answer: context deadline exceeded"},
		{"an error", writes(500, "secret text"), time.Minute, "", Failed, "answered with status 500"},
		{"another good status", writes(204, ""), time.Minute, "", Failed, "answered with status 204"},
		{"a redirect", redirects, time.Minute, "", Failed, "answered with status 307: redirects are not followed"},
		{"an answer that breaks off", breaks, time.Minute, "", Failed, "reading the answer: unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			shared, reg := newShared(t)
			server := httptest.NewServer(c.handler)
			t.Cleanup(server.Close)
			if c.handler == nil {
				server.Close()
			}
			client := shared.Client(parse(t, server.URL), nil)
			o := options
			o.Timeout = c.timeout
			var answer []byte
			d := shared.Detector(o, func(ctx context.Context, _ *Question) (_ []Answer, err error) {
				answer, err = client.Post(ctx, []byte(`{}`), nil)
				return make([]Answer, 1), err
			})
			_, err := d.Check(t.Context(), subject("text"))
			if ResultOf(err) != c.result || err != nil && !strings.HasPrefix(err.Error(), c.err) || err == nil && c.err != "" {
				t.Errorf("%v of result %s, want %s… of result %s", err, ResultOf(err), c.err, c.result)
			}
			if string(answer) != c.answer {
				t.Errorf("an answer of %d bytes, want %d", len(answer), len(c.answer))
			}
			want := `
# HELP headgate_detector_calls_total Calls of remote detectors, by guard and by how they ended; open: not asked, because the last ones failed.
# TYPE headgate_detector_calls_total counter
`
			for _, r := range []Result{OK, Refused, Timeout, Open, Failed} {
				want += `headgate_detector_calls_total{guard="g",result="` + string(r) + `"} ` + map[bool]string{true: "1", false: "0"}[r == c.result] + "\n"
			}
			if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "headgate_detector_calls_total"); err != nil {
				t.Error(err)
			}
		})
	}
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestACallCarriesItsHeadersAndTheSecretOfTheMoment(t *testing.T) {
	t.Parallel()
	var got []http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Header) }))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-time.Hour) // so that the file is looked at again with the first call
	bearer, err := secret.Find(policy.Credential{File: file}, secret.Key, nil, long)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("second\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shared, _ := newShared(t)
	if _, err := shared.Client(parse(t, server.URL), bearer).Post(t.Context(), []byte("{}"), http.Header{"X-Mine": {"1"}}); err != nil {
		t.Fatal(err)
	}
	want := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}, "Content-Length": {"2"},
		"User-Agent": {"Go-http-client/1.1"}, "X-Mine": {"1"}, "Authorization": {"Bearer second"}}
	if diff := cmp.Diff([]http.Header{want}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestTheBreaker plays a service that stops answering and comes back, over pipes, so that its
// clock is that of the test.
func TestTheBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared, reg := newShared(t)
		var dead atomic.Bool
		var asked atomic.Int32
		client := serve(t, shared, func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if dead.Load() {
				hang(w, r)
			}
		})
		ask := func(ctx context.Context, q *Question) ([]Answer, error) {
			_, err := client.Post(ctx, []byte(q.Pieces[0].Plain), nil)
			return make([]Answer, 1), err
		}
		d := shared.Detector(options, ask)
		n := 0
		expect := func(want Result) {
			t.Helper()
			n++
			began := time.Now()
			_, err := d.Check(t.Context(), subject(string(rune('a'+n))))
			took := map[Result]time.Duration{Timeout: options.Timeout}[want]
			if ResultOf(err) != want || time.Since(began) != took {
				t.Errorf("call %d: %v after %v, want %s after %v", n, err, time.Since(began), want, took)
			}
		}
		expect(OK)
		dead.Store(true)
		for range MaxFailures {
			expect(Timeout)
		}
		expect(Open)
		d = shared.Detector(options, ask) // of a policy that changed something else
		expect(Open)
		time.Sleep(Rest + 1)
		expect(Timeout) // the probe
		expect(Open)
		dead.Store(false)
		time.Sleep(Rest + 1)
		expect(OK)
		expect(OK)
		if asked := asked.Load(); asked != MaxFailures+4 {
			t.Errorf("the service was asked %d times, want %d", asked, MaxFailures+4)
		}
		if got := testutil.ToFloat64(shared.metrics.calls.WithLabelValues("g", string(Open))); got != 3 {
			t.Errorf("%v calls are counted as not asked, want 3", got)
		}
		if n, err := testutil.GatherAndCount(reg, "headgate_detector_call_seconds"); n != 1 || err != nil {
			t.Errorf("%d series of seconds and %v", n, err)
		}
	})
}

func TestATextThatIsRefusedSaysNothingOfTheService(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]Result{400: Failed, 413: Failed, 422: Failed, 401: Open, 404: Open, 429: Open, 503: Open} {
		shared, _ := newShared(t)
		server := httptest.NewServer(writes(status, ""))
		t.Cleanup(server.Close)
		client := shared.Client(parse(t, server.URL), nil)
		d := shared.Detector(options, func(ctx context.Context, _ *Question) ([]Answer, error) {
			_, err := client.Post(ctx, nil, nil)
			return nil, fmt.Errorf("wrapped: %w", err)
		})
		var err error
		for range MaxFailures + 1 {
			_, err = d.Check(t.Context(), subject("text"))
		}
		if ResultOf(err) != want {
			t.Errorf("status %d: %v, want %s", status, err, want)
		}
	}
}

// TestWhoLeavesSaysNothingOfTheService lets many clients leave before a slow service answers.
func TestWhoLeavesSaysNothingOfTheService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared, _ := newShared(t)
		s := &service{gate: make(chan struct{})}
		d := shared.Detector(options, s.ask)
		for i := range 3 * MaxFailures {
			ctx, leave := context.WithCancel(t.Context())
			go func() { synctest.Wait(); leave() }()
			if _, err := d.Check(ctx, subject(string(rune('a'+i)))); err == nil {
				t.Error("no error for who leaves")
			}
		}
		close(s.gate)
		synctest.Wait()
		check(t, d, "text")
	})
}

// serve runs an HTTP server on pipes that the transport of shared connects to.
func serve(t *testing.T, shared *Shared, handler http.HandlerFunc) *Client {
	t.Helper()
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	shared.transport.DialContext = l.dial
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(l) }() // it ends with Close
	t.Cleanup(func() { _ = server.Close() })
	return shared.Client(parse(t, "http://service"), nil)
}

// pipes is a listener in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }
