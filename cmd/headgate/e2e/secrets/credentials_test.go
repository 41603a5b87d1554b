package secrets

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
	"github.com/headgate/headgate/extproc/sim"
)

// clientSecrets are headers of a client that no provider may get.
var clientSecrets = []string{
	"authorization", "Bearer " + canaries["the client's key"], "x-api-key", canaries["a client's second key"],
	"cookie", "session=" + canaries["a cookie"], "referer", "https://x.example/?q=" + canaries["the referer"],
	"api-key", "canary-azure-10be", "x-goog-api-key", "canary-google-7a21", "openai-organization", "canary-organization-44c0",
	"openai-project", "canary-project-5fd2", "x-forwarded-for", "192.0.2.77", "x-real-ip", "192.0.2.78",
	"x-envoy-original-path", "canary-path-0e8d", "x-headgate-user", "canary-user-aa10", "x-unknown", "canary-unknown-c5b3",
	"user-agent", "client/1",
}

// TestNothingCrossesBackends fails over in each direction and compares every header
// and every byte that each backend got with what it alone may get.
func TestNothingCrossesBackends(t *testing.T) {
	t.Parallel()
	pairs := []string{"ab", "ac", "ca"}
	var models strings.Builder
	for _, pair := range pairs {
		for _, w := range gatewaytest.Ways {
			fmt.Fprintf(&models, "  cross-%s-%s: {chain: [%c/first+status=500, %c/m], retries: 1}\n", pair, w, pair[0], pair[1])
		}
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	for _, pair := range pairs {
		for _, w := range gatewaytest.Ways {
			t.Run(pair+" "+w.String(), func(t *testing.T) {
				rig := rig.With(t)
				model, mark := fmt.Sprintf("cross-%s-%s", pair, w), fmt.Sprintf("Cross %s %s?", pair, w)
				r := w.Request(model, mark, append(clientSecrets, "anthropic-beta", "beta-1", "openai-beta", "beta-2")...)
				r.Path += "?key=" + canaries["the query"]
				a := rig.Ask(r)
				w.Text(t, a)
				if got, want := gatewaytest.Tried(rig.Row(a.Exchange())), fmt.Sprintf("%c500 %[1]c500 %c200", pair[0], pair[1]); got != want {
					t.Fatalf("tried %q, want %q", got, want)
				}
				for _, served := range rig.At[pair[:1]].FindAll(mark, 2) {
					checkOnlyOwn(t, rig, w, pair[:1], "first+status=500", r, served)
				}
				checkOnlyOwn(t, rig, w, pair[1:], "m", r, rig.At[pair[1:]].Find(mark))
			})
		}
	}
}

// checkOnlyOwn compares a request at a backend with the only one that it may be.
func checkOnlyOwn(t *testing.T, rig *gatewaytest.Chains, w gatewaytest.Way, backend, model string, asked gatewaytest.Request, served sim.Served) {
	t.Helper()
	want := http.Header{
		"Content-Type": {"application/json"}, "Content-Length": {strconv.Itoa(len(served.Body))}, "User-Agent": {"client/1"},
	}
	path, claudes := "/v1/chat/completions", backend == "c"
	if claudes {
		path = "/v1/messages"
		want.Set("X-Api-Key", gatewaytest.ChainKeys[backend])
		want.Set("Anthropic-Version", "2023-06-01")
		want.Set("Anthropic-Beta", "beta-1")
	} else {
		want.Set("Authorization", "Bearer "+gatewaytest.ChainKeys[backend])
		want.Set("Openai-Beta", "beta-2")
	}
	if d := cmp.Diff(want, served.Header); d != "" {
		t.Errorf("headers at %s (-want +got):\n%s", backend, d)
	}
	host := strings.TrimSuffix(strings.TrimPrefix(rig.At[backend].URL, "http://"), "/v1")
	if served.Host != host || served.Path != path || served.Query != "" {
		t.Errorf("%s got %q %q?%q", backend, served.Host, served.Path, served.Query)
	}
	if claudes == w.Claude() && !w.Stream {
		if want := strings.Replace(asked.Body, askedModel(t, asked.Body), model, 1); string(served.Body) != want {
			t.Errorf("%s got %s, want %s", backend, served.Body, want)
		}
	}
	if got := gatewaytest.Decoded(t, served.Body)["model"]; got != model {
		t.Errorf("%s got the model %q", backend, got)
	}
	sdk.CheckWords(t, map[bool]string{false: "openai", true: "anthropic"}[claudes], served.Body)
}

func askedModel(t *testing.T, body string) string {
	model, _ := gatewaytest.Decoded(t, []byte(body))["model"].(string)
	return model
}

// rotated are the credentials of a backend with two: the provider takes the second.
const (
	rotatedOut = "sk-canary-rotated-out-0d51"
	rotatedIn  = "sk-canary-rotated-in-8e3a"
)

// TestRotation has the first of two credentials refused: the next exchange goes out
// with the second, and the operators hear of the first.
func TestRotation(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"openai", "anthropic"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			p := gatewaytest.Simulate(t, sim.Options{Keys: []string{rotatedIn}})
			next := gatewaytest.Simulate(t, gatewaytest.Keyless)
			g := gatewaytest.Start(t, fmt.Sprintf(`version: 1
unpriced: flag
backends:
  two: {provider: simulated, dialect: %s, url: %q, credential: [{env: HEADGATE_E2E_OUT}, {env: HEADGATE_E2E_IN}]}
  next: {provider: simulated, url: %q}
models:
  first: {chain: [two/m, next/m]}
  second: {chain: [two/m, next/m]}
  alone: two/m
`, dialect, p.URL, next.URL), gatewaytest.Options{Env: []string{"HEADGATE_E2E_OUT=" + rotatedOut, "HEADGATE_E2E_IN=" + rotatedIn}})
			refused := g.Chat(gatewaytest.ChatBody("first", "rotate", false), "")
			gatewaytest.MustOK(t, refused)
			if got := gatewaytest.Tried(g.Row(refused.Exchange())); got != "two401 next200" && got != "two401 two200" || refused.Header.Get("x-headgate-attempts") != "2" {
				t.Errorf("tried %q, headers %v", got, refused.Internals())
			}
			for _, model := range []string{"second", "alone"} {
				a := g.Chat(gatewaytest.ChatBody(model, "rotated", false), "")
				gatewaytest.MustOK(t, a)
				if got := a.Header.Get("x-headgate-backend"); got != "two" || g.Row(a.Exchange()).Attempts != 1 {
					t.Errorf("%s: answered by %q after %d attempts", model, got, g.Row(a.Exchange()).Attempts)
				}
			}
			keys := []string{}
			for _, s := range p.Served() {
				keys = append(keys, s.Key)
			}
			if len(keys) < 3 || keys[0] != rotatedOut || slices.Contains(keys[1:], rotatedOut) {
				t.Errorf("keys at the provider: %q", keys)
			}
			if n := g.Metric(`headgate_credentials_refused_total{backend="two",status="401"}`); n != 1 {
				t.Errorf("%v refusals are counted", n)
			}
			if !strings.Contains(g.Log(), "a provider refuses the gateway's credential") {
				t.Error("the log does not say so")
			}
			if served := next.Served(); len(served) > 0 && served[0].Key != "" {
				t.Errorf("the next backend got the key %q", served[0].Key)
			}
		})
	}
}

// TestCredentialFile changes the file of a credential while the gateway runs.
func TestCredentialFile(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, sim.Options{Keys: []string{rotatedIn}})
	file := filepath.Join(t.TempDir(), "key")
	write := func(key string) {
		if err := os.WriteFile(file+".new", []byte(key+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write(rotatedOut)
	g := gatewaytest.Start(t, fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  filed: {provider: openai, url: %q, credential: {file: %s}}\nmodels:\n  filed: filed/m\n", p.URL, file), gatewaytest.Options{})
	if a := g.Chat(gatewaytest.ChatBody("filed", "before", false), ""); a.Status != http.StatusUnauthorized || strings.Contains(a.Body, rotatedOut) {
		t.Fatalf("status %d: %s", a.Status, a.Body)
	}
	write(rotatedIn)
	g.Eventually("an answer with the new key", func() bool { return g.Chat(gatewaytest.ChatBody("filed", "after", false), "").Status == http.StatusOK })
	if s := p.Last(2); s.Key != rotatedIn {
		t.Errorf("the last key was %q", s.Key)
	}
}

// TestNoSecretOfChains has chains fail over with canaries everywhere, and then
// searches all that the gateway, and Envoy's own administration, emit.
func TestNoSecretOfChains(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for i, links := range []string{"a/m+status=500, c/m", "c/m+status=429, b/m", "a/m+status=401, c/m+status=403, b/m", "a/m+status=401, c/m+status=403", "down/m, a/m+hang=headers", "c/m+cut=3, a/m"} {
		for _, w := range gatewaytest.Ways {
			fmt.Fprintf(&models, "  secret-%d-%s: {chain: [%s], retries: 0, timeout: 300ms}\n", i, w, links)
		}
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{Args: []string{"--log-level", "debug"}})
	all := map[string]string{}
	for name, canary := range canaries {
		all[name] = canary
	}
	for name, key := range gatewaytest.ChainKeys {
		all["the key of "+name] = key
	}
	for i := 1; i < len(clientSecrets); i += 2 {
		if strings.HasPrefix(clientSecrets[i], "canary-") && !strings.HasPrefix(clientSecrets[i], "canary-user-") {
			all["the client's "+clientSecrets[i-1]] = clientSecrets[i]
		}
	}
	search := func(where, text string) {
		t.Helper()
		if text == "" {
			t.Errorf("%s is empty: nothing was searched", where)
		}
		for what, canary := range all {
			if i := strings.Index(text, canary); i >= 0 {
				t.Errorf("%s is in %s: %q", what, where, text[max(0, i-80):min(len(text), i+len(canary)+20)])
			}
		}
	}
	prompt := fmt.Sprintf("%s [[sim text=%q]]", canaries["the prompt"], canaries["the answer"])
	answered := 0
	for i := range 6 {
		for _, w := range gatewaytest.Ways {
			r := w.Request(fmt.Sprintf("secret-%d-%s", i, w), prompt, clientSecrets...)
			r.Path += "?key=" + canaries["the query"]
			a := rig.Ask(r)
			if a.Status == http.StatusOK {
				answered++
			} else {
				search("an error body", a.Body)
			}
			search("the headers of an answer", fmt.Sprint(a.Header))
		}
	}
	if answered < 12 {
		t.Errorf("only %d exchanges were answered", answered)
	}
	for _, path := range []string{"/metrics", "/debug/pprof/goroutine?debug=2", "/debug/pprof/cmdline"} {
		search(path, get(t, http.DefaultClient, rig.Ops+path))
	}
	sockets, err := filepath.Glob(filepath.Join(filepath.Dir(rig.Data), "headgate-*", "envoy.sock"))
	if err != nil || len(sockets) != 1 {
		t.Fatalf("Envoy's administration: %v %v", sockets, err)
	}
	admin := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", sockets[0])
	}}}
	for _, path := range []string{"/config_dump?include_eds", "/clusters", "/stats", "/server_info", "/listeners"} {
		search("Envoy's "+path, get(t, admin, "http://envoy"+path))
	}
	rig.Stop()
	search("the gateway's log", rig.Log())
	if err := filepath.WalkDir(filepath.Dir(rig.Data), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		search(filepath.Base(path), string(b))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	// What is searched for was there: each provider got its own key and the prompt.
	for name, key := range gatewaytest.ChainKeys {
		s := rig.At[name].Find(canaries["the prompt"])
		if s.Key != key || bytes.Contains(s.Body, []byte(canaries["the client's key"])) {
			t.Errorf("%s got the key %q", name, s.Key)
		}
	}
}

func get(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v, status %d", url, err, resp.StatusCode)
	}
	return string(b)
}
