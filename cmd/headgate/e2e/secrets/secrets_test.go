package secrets

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// canaries are what nobody but the provider may see: each is a text of its own,
// so that a find says where it came from.
var canaries = map[string]string{
	"the backend's credential": gatewaytest.BackendKey,
	"the client's key":         "sk-canary-client-77aa",
	"a client's second key":    "canary-x-api-key-1c9e",
	"a cookie":                 "canary-cookie-3f02",
	"the query":                "canary-query-9d44",
	"the prompt":               "canary-prompt-e8b1",
	"the referer":              "canary-referer-0b7c",
	"the answer":               "canary-answer-c2d7",
}

// TestNoSecretAnywhere has good and failing exchanges full of canaries and then
// searches everything that the gateway has written or can be asked for.
func TestNoSecretAnywhere(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, ""), gatewaytest.Options{
		Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}, Args: []string{"--log-level", "debug"},
	})
	found := &findings{t: t}
	during := g.Stream(secret("keyed", "/v1/chat/completions", true, "hang=3")) // while its memory is in use
	if _, err := during.Next(); err != nil {
		t.Fatal(err)
	}
	found.search("an error body", errorBodies(t, g))
	for _, path := range []string{"/metrics", "/debug/pprof/goroutine?debug=2", "/debug/pprof/cmdline", "/debug/pprof/allocs?debug=1"} {
		resp, err := http.Get(g.Ops + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		found.search(path, string(body))
	}
	during.Close()
	g.Stop()
	found.search("the gateway's log", g.Log())
	files := 0
	if err := filepath.WalkDir(filepath.Dir(g.Data), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".lock" && d.Name() != "gateway.lock" { // those of the spool are empty
			return err
		}
		files++
		b, err := os.ReadFile(path)
		found.search(filepath.Base(path), string(b))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if files < 4 { // the policy, both access logs, Envoy's bootstrap
		t.Errorf("only %d files were searched", files)
	}
	// The provider got what it must have, so the canaries were really there.
	keys := map[string]int{}
	for _, served := range p.FindAll(canaries["the prompt"], 1) {
		keys[served.Key]++
	}
	if keys[gatewaytest.BackendKey] == 0 || keys[""] == 0 || len(keys) != 2 {
		t.Errorf("the provider got the keys %v", keys)
	}
}

// secret is a request full of canaries.
func secret(model, path string, stream bool, sim string) gatewaytest.Request {
	prompt := canaries["the prompt"] + " [[sim " + sim + " text=" + canaries["the answer"] + "]]"
	r := gatewaytest.ChatRequest(path+"?key="+canaries["the query"], gatewaytest.ChatBody(model, prompt, stream), "")
	if strings.HasPrefix(path, "/v1/messages") {
		r.Body = gatewaytest.MessageBody(model, prompt, stream)
	}
	r.Header = map[string]string{
		"authorization": "Bearer " + canaries["the client's key"], "x-api-key": canaries["a client's second key"],
		"cookie": "session=" + canaries["a cookie"], "referer": "https://x.example/?q=" + canaries["the referer"],
		"anthropic-version": "2023-06-01",
	}
	return r
}

// errorBodies has exchanges of every ending and returns the bodies and headers of
// all answers that are errors.
func errorBodies(t *testing.T, g *gatewaytest.Gateway) string {
	t.Helper()
	var all strings.Builder
	for _, c := range []struct{ model, path, sim string }{
		{"keyed", "/v1/chat/completions", "tokens=9"},
		{"keyed", "/v1/chat/completions", "status=401"},
		{"keyed", "/v1/chat/completions", "status=403"},
		{"keyed", "/v1/chat/completions", "status=429"},
		{"once-keyed", "/v1/chat/completions", "status=502"},
		{"once-keyed", "/v1/chat/completions", "truncate"},
		{"once-keyed", "/v1/chat/completions", "cut=headers"},
		{"fast", "/v1/chat/completions", "hang=headers"},
		{"none", "/v1/chat/completions", "tokens=1"},
		{"plain-claude", "/v1/messages", "status=400"},
		{"once-claude", "/v1/messages", "malformed=30"},
		{"keyed", "/v1/unknown/" + canaries["the query"][:6], "tokens=1"},
	} {
		for _, stream := range []bool{false, true} {
			a, err := g.Try(context.Background(), secret(c.model, c.path, stream, c.sim))
			if err != nil {
				t.Fatalf("%s %s: %v", c.model, c.sim, err)
			}
			if a.Status >= 400 {
				fmt.Fprintln(&all, a.Status, a.Header, a.Body)
			}
		}
	}
	for _, body := range []string{`{"model":"` + canaries["the prompt"], `{"model":"plain","messages":"` + canaries["the prompt"] + `"}`, canaries["the prompt"]} {
		r := secret("plain", "/v1/chat/completions", false, "tokens=1")
		r.Body = body
		a, err := g.Try(context.Background(), r)
		if err != nil || a.Status != 400 {
			t.Errorf("a faulty body: %v, status %d", err, a.Status)
		}
		fmt.Fprintln(&all, a.Status, a.Header, a.Body)
	}
	return all.String()
}

// findings reports canaries.
type findings struct{ t *testing.T }

func (f *findings) search(where, text string) {
	f.t.Helper()
	if text == "" {
		f.t.Errorf("%s is empty: nothing was searched", where)
	}
	for what, canary := range canaries {
		if i := strings.Index(text, canary); i >= 0 {
			f.t.Errorf("%s is in %s: %q", what, where, text[max(0, i-80):min(len(text), i+len(canary)+20)])
		}
	}
}
