package self_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/policypb"
)

// pipe is what answers own calls in place of Envoy and ext_proc: it claims each as the exchange
// that the server numbers, and answers as the test says.
type pipe struct {
	t      *testing.T
	socket string
	client *self.Client
	reg    *prometheus.Registry
	number atomic.Int64
	mu     sync.Mutex
	drop   atomic.Int64 // connections that are closed before the request is read
	owns   []*exchange.Own
	tokens []string
}

func newPipe(t *testing.T, now func() time.Time, answer http.HandlerFunc) *pipe {
	t.Helper()
	folder, err := os.MkdirTemp("", "hg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket := filepath.Join(folder, "own")
	p := &pipe{t: t, socket: socket, reg: prometheus.NewRegistry()}
	p.client = self.New(self.Options{Socket: socket, Now: now}, p.reg)
	lis, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: lis, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.drop.Add(-1) >= 0 {
			panic(http.ErrAbortHandler)
		}
		p.claim(r)
		answer(w, r)
	})}}
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(p.client.Close)
	return p
}

func (p *pipe) claim(r *http.Request) {
	token := r.Header.Get(policy.OwnHeader)
	own := p.client.Claim([]byte(token), fmt.Sprint("exchange-", p.number.Add(1)))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owns, p.tokens = append(p.owns, own), append(p.tokens, token)
}

// bound gives the client the bound of a policy.
func (p *pipe) bound(amount string) {
	p.t.Helper()
	set, err := policy.Parse("policy.yaml", []byte("version: 1\nown_calls: {usd_per_day: "+amount+"}\n"))
	if err == nil {
		err = p.client.Use(set)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *pipe) calls(result string) float64 {
	p.t.Helper()
	families, err := p.reg.Gather()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "headgate_own_calls_total" && m.GetLabel()[1].GetValue() == result {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func answering(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

var moderation = self.Call{Feature: self.Guard, Parent: "parent", Path: "/v1/moderations", Body: []byte(`{"model":"m","input":"hello"}`)}

// TestACall holds what a call sends, and what comes of it.
func TestACall(t *testing.T) {
	var path, body, version string
	p := newPipe(t, time.Now, func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		path, body, version = r.Method+" "+r.URL.Path, string(sent), r.Header.Get("anthropic-version")
		answering(418, "no", "x-headgate-cost-usd", "0.25")(w, r)
	})
	in := moderation
	in.Header = http.Header{"Anthropic-Version": {"2023-06-01"}}
	got, err := p.client.Do(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := &self.Answer{Status: 418, Header: got.Header, Body: []byte("no"), CostNano: 250_000_000, Priced: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if path != "POST /v1/moderations" || body != string(in.Body) || version != "2023-06-01" {
		t.Errorf("sent %s %q with anthropic-version %q", path, body, version)
	}
	if diff := cmp.Diff([]*exchange.Own{{Feature: "guard", Parent: "parent"}}, p.owns); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
	if len(in.Header) != 1 {
		t.Errorf("the call's own header was changed: %v", in.Header)
	}
	if p.calls("answered") != 1 {
		t.Error("the call is not counted")
	}
}

// TestATokenCountsOnce holds that a token is worth nothing once its exchange has begun or its call
// has ended, and that others are worth nothing ever.
func TestATokenCountsOnce(t *testing.T) {
	p := newPipe(t, time.Now, answering(200, "{}"))
	if _, err := p.client.Do(t.Context(), moderation); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"used": p.tokens[0], "empty": "", "made up": strings.Repeat("A", len(p.tokens[0]))} {
		if own := p.client.Claim([]byte(token), "other"); own != nil {
			t.Errorf("a token that is %s is claimed as %+v", name, own)
		}
	}
	var nobody *self.Client
	if own := nobody.Claim([]byte(p.tokens[0]), "other"); own != nil || nobody.Available() {
		t.Errorf("no client claims %+v", own)
	}
}

// TestWhyACallHasNoAnswer holds that each reason is an error of its own, and counted.
func TestWhyACallHasNoAnswer(t *testing.T) {
	stopped, stop := context.WithCancel(context.Background())
	stop()
	late, end := context.WithTimeout(context.Background(), 0)
	defer end()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		answer http.HandlerFunc
		edit   func(*pipe, *self.Call)
		want   error
		result string
	}{
		{name: "an answer that is too large", answer: answering(200, "12345"), edit: func(_ *pipe, in *self.Call) { in.MaxBytes = 4 }, want: self.ErrTooLarge, result: "too_large"},
		{name: "the caller has left", ctx: stopped, answer: answering(200, "{}"), want: context.Canceled, result: "canceled"},
		{name: "a deadline that has passed", ctx: late, answer: answering(200, "{}"), want: self.ErrTimeout, result: "timeout"},
		{name: "a deadline is still one of contexts", ctx: late, answer: answering(200, "{}"), want: context.DeadlineExceeded, result: "timeout"},
		{name: "the parent is an own call", answer: answering(200, "{}"), want: self.ErrLoop, result: "loop",
			edit: func(p *pipe, in *self.Call) {
				if _, err := p.client.Do(context.Background(), moderation); err != nil {
					p.t.Fatal(err)
				}
				in.Parent = "exchange-1"
			}},
		{name: "a connection that breaks", want: self.ErrUnavailable, result: "unavailable",
			answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPipe(t, time.Now, c.answer)
			in, ctx := moderation, c.ctx
			if c.edit != nil {
				c.edit(p, &in)
			}
			if ctx == nil {
				ctx = t.Context()
			}
			if got, err := p.client.Do(ctx, in); !errors.Is(err, c.want) || got != nil {
				t.Errorf("answer %+v, error %v, want %v", got, err, c.want)
			}
			if p.calls(c.result) != 1 {
				t.Errorf("%q is not counted", c.result)
			}
		})
	}
}

// TestWhereNobodyTakesCalls holds that a call says so: without a client, without a socket,
// with a socket on which nothing listens, and with one of another process.
func TestWhereNobodyTakesCalls(t *testing.T) {
	other := newPipe(t, time.Now, answering(200, "{}"))
	stranger := self.New(self.Options{Socket: other.socket, Now: time.Now}, prometheus.NewRegistry())
	defer stranger.Close()
	for name, client := range map[string]*self.Client{
		"no client": nil,
		"no socket": self.New(self.Options{Now: time.Now}, prometheus.NewRegistry()),
		"nobody":    self.New(self.Options{Socket: filepath.Join(t.TempDir(), "own"), Now: time.Now}, prometheus.NewRegistry()),
		"stranger":  stranger,
	} {
		if got, err := client.Do(t.Context(), moderation); !errors.Is(err, self.ErrUnavailable) || got != nil {
			t.Errorf("%s: answer %+v, error %v", name, got, err)
		}
	}
}

// TestAConnectionThatEnvoyHasClosed holds that a call that it took nothing of goes over another
// one, once.
func TestAConnectionThatEnvoyHasClosed(t *testing.T) {
	p := newPipe(t, time.Now, answering(200, "{}"))
	p.drop.Store(1)
	if _, err := p.client.Do(t.Context(), moderation); err != nil {
		t.Error(err)
	}
	p.drop.Store(2)
	if _, err := p.client.Do(t.Context(), moderation); !errors.Is(err, self.ErrUnavailable) {
		t.Errorf("twice: error %v", err)
	}
}

// TestTheBound holds that calls end where the day's money is used up, by what their answers say
// and by what their rows add, and begin anew the next day.
func TestTheBound(t *testing.T) {
	now := time.Date(2026, 11, 27, 23, 0, 0, 0, time.UTC)
	p := newPipe(t, func() time.Time { return now }, answering(200, "{}", "x-headgate-cost-usd", "0.4"))
	p.bound("1")
	must := func(what string, want error) {
		t.Helper()
		if _, err := p.client.Do(t.Context(), moderation); !errors.Is(err, want) {
			t.Fatalf("%s: error %v, want %v", what, err, want)
		}
	}
	must("0 used", nil)
	p.client.Take(&policypb.Row{Exchange: "exchange-1", CostNanoUsd: new(int64(400_000_000))})
	must("0.4 used, which the row does not add to", nil)
	p.client.Take(&policypb.Row{Exchange: "another's", CostNanoUsd: new(int64(9e9))})
	must("0.8 used", nil)
	must("1.2 used", self.ErrBound)
	now = now.Add(time.Hour)
	must("the next day", nil)
	row := &policypb.Row{Exchange: "another", OpenedAs: "exchange-4", CostNanoUsd: new(int64(400_000_000)), Tried: []*policypb.Attempt{{CostNanoUsd: new(int64(600_000_000))}}}
	p.client.Take(row)
	must("an attempt before the answer cost, too", self.ErrBound)
	p.bound("1.01")
	must("another policy allows more", nil)
	if p.calls("bound") != 2 || p.calls("answered") != 5 {
		t.Errorf("%v beyond the bound, %v answered", p.calls("bound"), p.calls("answered"))
	}
}

// TestManyAtOnce holds that no more calls than its slots are under way, and that all get their
// answers.
func TestManyAtOnce(t *testing.T) {
	var under, most atomic.Int64
	p := newPipe(t, time.Now, func(w http.ResponseWriter, r *http.Request) {
		for n := under.Add(1); ; {
			if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		defer under.Add(-1)
		answering(200, "{}")(w, r)
	})
	var all sync.WaitGroup
	var failed atomic.Int64
	for range 500 {
		all.Go(func() {
			if _, err := p.client.Do(t.Context(), moderation); err != nil {
				failed.Add(1)
			}
		})
	}
	all.Wait()
	if failed.Load() > 0 || most.Load() > 64 || p.calls("answered") != 500 {
		t.Errorf("%d failed, %d at once, %v answered", failed.Load(), most.Load(), p.calls("answered"))
	}
}
