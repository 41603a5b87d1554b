package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
)

// forwarder is a simple gateway: it asks one link after the other until one answers with
// 200 or a 400, and passes on what that says.
type forwarder struct {
	lies   bool // a body that breaks off ends as a whole one does
	chains map[string][]string
	urls   map[string]string
	server http.Server
	done   chan error
}

// start implements Options.Start.
func (f *forwarder) start(_ context.Context, document []byte) (Gateway, error) {
	var doc struct {
		Listen   string
		Backends map[string]struct{ URL string }
		Models   map[string]struct{ Chain []any }
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, err
	}
	f.urls, f.chains, f.done = map[string]string{}, map[string][]string{}, make(chan error, 1)
	for name, b := range doc.Backends {
		f.urls[name] = b.URL
	}
	for name, m := range doc.Models {
		for _, link := range m.Chain {
			use := link.([]any)[0].(map[string]any)["use"].(string)
			f.chains[name] = append(f.chains[name], use)
		}
	}
	l, err := net.Listen("tcp", doc.Listen)
	if err != nil {
		return nil, err
	}
	f.server.Handler = f
	go func() { f.done <- f.server.Serve(l) }()
	return f, nil
}

func (f *forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		panic(http.ErrAbortHandler)
	}
	for _, use := range f.chains[body["model"].(string)] {
		backend, model, _ := strings.Cut(use, "/")
		body["model"] = model
		text, _ := json.Marshal(body)
		resp, err := http.Post(f.urls[backend]+"/chat/completions", "application/json", bytes.NewReader(text))
		if err != nil {
			continue
		}
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusBadRequest {
			f.pass(w, resp)
			return
		}
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, errorBody("none_left", "no link answers"))
}

func (f *forwarder) pass(w http.ResponseWriter, resp *http.Response) {
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	w.WriteHeader(resp.StatusCode)
	if _, err := io.Copy(w, resp.Body); err != nil && !f.lies {
		panic(http.ErrAbortHandler)
	}
}

// Rows implements Gateway. It keeps no record.
func (f *forwarder) Rows(string, int) ([]Row, error) { return nil, nil }

// Stop implements Gateway.
func (f *forwarder) Stop(ctx context.Context) error {
	err := f.server.Shutdown(ctx)
	<-f.done
	return err
}

// drilled runs faults through a forwarder.
func drilled(t *testing.T, lies bool, faults ...string) *Report {
	t.Helper()
	set, err := policy.Parse("p.yaml", []byte(`
version: 1
backends:
  a: {provider: openai, credential: {env: A}}
  b: {provider: openai, credential: {env: B}}
models: {m: {chain: [a/m1, b/m2]}, single: a/m1}
unpriced: flag
`))
	if err != nil {
		t.Fatal(err)
	}
	f := &forwarder{lies: lies}
	r, err := Run(t.Context(), set, Options{Faults: faults, Ways: []Way{chatJSON, chatSSE}, Outage: time.Second, Start: f.start})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFaultsHappenOnTheWire holds what a gateway that only goes from link to link can
// save and what not: the faults reach it as they are meant.
func TestFaultsHappenOnTheWire(t *testing.T) {
	t.Parallel()
	want := map[string][2]Verdict{ // JSON and stream; empty: it is not asked so
		"429-once": {Pass, Pass}, "429-always": {Pass, Pass}, "500-once": {Pass, Pass}, "503-always": {Pass, Pass},
		"reset": {Pass, Pass}, "cut": {Safe, Safe}, "malformed": {Fail, Safe}, "no-done": {"", Pass},
		"context": {Safe, Safe}, "filter": {Pass, Pass}, "cut-prefill": {Safe, Safe}, "outage": {Pass, Pass},
		"books": {Fail, Fail}, "dns": {Pass, Pass}, "all-down": {Pass, Pass}, "recovery": {Pass, Pass},
	}
	var names []string
	for name := range want {
		names = append(names, name)
	}
	r := drilled(t, false, names...)
	for _, p := range r.Plays {
		at := 0
		if p.Way == chatSSE.String() {
			at = 1
		}
		if v := want[p.Fault][at]; p.Verdict != v || p.Saw == "" {
			t.Errorf("%s, %s: %s, %s; want %s", p.Fault, p.Way, p.Verdict, p.Saw, v)
		}
	}
	if n := r.Count(Pass, false) + r.Count(Safe, false) + r.Count(Fail, false); n != 13 || r.Count(Pass, true) != 3 || len(r.Plays) != 31 {
		t.Errorf("%d plays, %d of the suite, %d pass beside it", len(r.Plays), n, r.Count(Pass, true))
	}
}

// TestAGatewayThatLiesFails holds that an answer that broke off and ends as a whole one
// does is found.
func TestAGatewayThatLiesFails(t *testing.T) {
	t.Parallel()
	for _, p := range drilled(t, true, "cut", "500-once").Plays {
		if want := map[string]Verdict{"cut": Fail, "500-once": Pass}[p.Fault]; p.Verdict != want {
			t.Errorf("%s, %s: %s, %s; want %s", p.Fault, p.Way, p.Verdict, p.Saw, want)
		}
	}
}

// TestLogsBecomeAttempts holds that a play says which link was tried, and what it took.
func TestLogsBecomeAttempts(t *testing.T) {
	t.Parallel()
	for _, p := range drilled(t, false, "503-always").Plays {
		if len(p.Attempts) != 2 || len(p.Billed) != 1 || p.Link != 1 {
			t.Fatalf("%+v", p)
		}
		first, second := p.Attempts[0], p.Attempts[1]
		if first.Link != 0 || first.Use != "a/m1" || first.Status != 503 || second.Link != 1 || second.Use != "b/m2" || second.Ended != "complete" {
			t.Errorf("%+v", p.Attempts)
		}
		if b := p.Billed[0]; b != (Bill{"b/m2", second.Input, textWords}) || b.Input == 0 {
			t.Errorf("%+v", b)
		}
	}
}

// TestABlackholeAnswersNoSYN holds it for a client that dials.
func TestABlackholeAnswersNoSYN(t *testing.T) {
	t.Parallel()
	b, err := newBlackhole()
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	host := strings.TrimSuffix(strings.TrimPrefix(b.url, "http://"), "/v1")
	if c, err := net.DialTimeout("tcp", host, 200*time.Millisecond); err == nil {
		c.Close()
		t.Error("connected")
	}
}

// TestWhatIsDrilledIsNamed holds that unknown names are refused and that the longest
// chain is chosen.
func TestWhatIsDrilledIsNamed(t *testing.T) {
	set := &policy.Set{Models: map[string]*policy.Model{
		"b": {Name: "b", Chain: make([]policy.Link, 2)}, "a": {Name: "a", Chain: make([]policy.Link, 2)}, "c": {Name: "c", Chain: make([]policy.Link, 1)},
	}}
	if m, err := modelOf(set, ""); err != nil || m.Name != "a" {
		t.Errorf("%v %v", m, err)
	}
	if _, err := modelOf(set, "d"); err == nil {
		t.Error("a model that is not there")
	}
	if _, err := modelOf(&policy.Set{}, ""); err == nil {
		t.Error("a policy without models")
	}
	if _, err := chosen(Faults(time.Minute), []string{"flood"}); err == nil {
		t.Error("a fault that is not there")
	}
	if all := Names(); len(all) != 22 {
		t.Errorf("%d faults", len(all))
	}
}

// TestTheContextWindowOfOtherLinksCounts holds when another link may take a prompt that
// the first one refuses as too long.
func TestTheContextWindowOfOtherLinksCounts(t *testing.T) {
	for chain, want := range map[string]bool{
		"[a/gpt-4o]":                                       false,
		"[a/gpt-4o, a/gpt-4o-mini]":                        false,
		"[a/gpt-4o, a/gpt-5.5]":                            true,
		"[a/gpt-5.5, a/gpt-4o, a/mine]":                    true,
		"[a/gpt-5.5, [{use: a/gpt-4o}]]":                   false,
		"[a/mine, a/gpt-4o]":                               true,
		"[[{use: a/gpt-4o}, {use: a/gpt-5.5}], a/gpt-5.5]": false,
	} {
		set, err := policy.Parse("p.yaml", []byte("version: 1\nbackends: {a: {provider: openai, credential: {env: A}}}\nunpriced: flag\nmodels: {m: {chain: "+chain+"}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := longer(set, set.Models["m"]); got != want {
			t.Errorf("%s: %t", chain, got)
		}
	}
}

// TestTurnsEnd holds that an outage whose answers never come is not asked through for ever.
func TestTurnsEnd(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	set, m := &policy.Set{}, &policy.Model{Name: "m", Chain: []policy.Link{{}}}
	p := &play{chain: newChain(set, m, chatSSE, 0), gateway: "http://" + l.Addr().String(), patience: 20 * time.Millisecond, outage: time.Millisecond}
	throughOutage(t.Context(), p)
	if n := len(p.asked); n == 0 || n == turns || p.late == "" || p.asked[0].End != EndGaveUp {
		t.Errorf("%d asked, %q, %+v", n, p.late, p.asked)
	}
}
