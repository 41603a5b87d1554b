package snapshot_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/snapshot"
)

// TestSilentChainIsTriedToItsEnd holds that the clock of the whole exchange does
// not end it while backends are left: the silence of one attempt after the other
// adds up for the client. A request with a body starts one clock more.
func TestSilentChainIsTriedToItsEnd(t *testing.T) {
	t.Parallel()
	for _, stream := range []bool{false, true} {
		for what, ask := range map[string]func(gateway, *testing.T, string, ...string) (*http.Response, string){"no body": gateway.get, "a body": gateway.post} {
			p := startProvider(t, silent)
			backend := map[string]any{"provider": "openai-compatible", "url": p.url + "/v1"}
			g := startGateway(t, map[string]any{"a": backend, "b": backend, "c": backend}, map[string]any{
				"chain": map[string]any{"chain": []string{"a/m", "b/m", "c/m"}, "retries": 2, "timeout": "250ms", "idle_timeout": "1ms"},
			})
			resp, _ := ask(g, t, policy.RouteName("chain", stream))
			if got := len(p.requests()); got != 9 || resp.StatusCode != http.StatusGatewayTimeout {
				t.Errorf("stream %v, %s: %d attempts, then status %d; want 9, then 504", stream, what, got, resp.StatusCode)
			}
		}
	}
}

// TestSilenceOutlastsEveryChain holds the clock of the listener, which is the one
// that runs until a response begins, against the longest that a chain may take.
func TestSilenceOutlastsEveryChain(t *testing.T) {
	const backends = "version: 1\nunpriced: flag\nbackends: {a: {provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"}}\n"
	for _, c := range []struct {
		name, models string
		least        time.Duration
	}{
		{"no models", "", 5 * time.Minute},
		{"defaults", "models: {m: a/m}", 5 * time.Minute},
		{"a model that thinks for ten minutes", "models: {m: {chain: [a/m], retries: 0, timeout: 10m}}", 10 * time.Minute},
		{"a long chain", "models: {n: a/m, m: {chain: [a/m, a/n, a/o], retries: 2, timeout: 60s}}", 9 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := snapshot.Build(parse(t, backends+c.models), snapshot.Options{})
			if err != nil {
				t.Fatal(err)
			}
			m := &hcmv3.HttpConnectionManager{}
			if err := r.Listener.FilterChains[0].Filters[0].GetTypedConfig().UnmarshalTo(m); err != nil {
				t.Fatal(err)
			}
			if got := m.GetStreamIdleTimeout().AsDuration(); got < c.least {
				t.Errorf("silence of at most %v, want at least %v", got, c.least)
			}
		})
	}
}

// TestUploadIsBounded holds that a client that does not send its body is answered,
// and that the same clock does not run while a backend thinks.
func TestUploadIsBounded(t *testing.T) {
	p := startProvider(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Second):
			_, _ = io.WriteString(w, "thought")
		case <-r.Context().Done():
		}
	})
	backend := map[string]any{"provider": "openai-compatible", "url": p.url + "/v1"}
	g := startEdited(t, map[string]any{"a": backend}, map[string]any{"m": "a/m"},
		strings.NewReplacer(`"request_timeout":"300s"`, `"request_timeout":"0.3s"`, `"request_timeout": "300s"`, `"request_timeout":"0.3s"`))
	post := func(body io.Reader) (int, string) {
		req, err := http.NewRequest(http.MethodPost, g.url+"/v1/chat/completions", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(wantedRoute, policy.RouteName("m", false))
		client := http.Client{Timeout: envoytest.Patience}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	if status, text := post(strings.NewReader("{}")); status != http.StatusOK || text != "thought" {
		t.Errorf("a slow backend: status %d, %q", status, text)
	}
	stalled, end := io.Pipe()
	// The client waits for its body, even if it has given up.
	defer time.AfterFunc(envoytest.Patience/2, func() { _ = end.CloseWithError(errors.New("the body was not given up")) }).Stop()
	defer func() { _ = end.Close() }()
	go func() { _, _ = end.Write([]byte("{")) }()
	if status, text := post(stalled); status != http.StatusRequestTimeout || !strings.Contains(text, "request_timeout") {
		t.Errorf("a body that does not come: status %d, %q", status, text)
	}
}

// TestSilenceInsideAResponse holds that timeout alone bounds the silence before the
// headers, whatever idle_timeout is, and that Envoy, without ext_proc's help, ends a
// silence after them once the chain might have taken that long.
func TestSilenceInsideAResponse(t *testing.T) {
	t.Parallel()
	const thinks = 2500 * time.Millisecond // longer than idle_timeout and ext_proc's own part
	p := startProvider(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-then") == "silence" {
			_, _ = io.WriteString(w, "thought")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		select {
		case <-time.After(thinks):
			_, _ = io.WriteString(w, "thought")
		case <-r.Context().Done():
		}
	})
	backend := map[string]any{"provider": "openai-compatible", "url": p.url + "/v1"}
	g := startGateway(t, map[string]any{"a": backend}, map[string]any{
		"m": map[string]any{"chain": []string{"a/m"}, "retries": 0, "timeout": "3s", "idle_timeout": "1ms"},
	})
	for _, stream := range []bool{false, true} {
		route := policy.RouteName("m", stream)
		if resp, body := g.post(t, route); resp.StatusCode != http.StatusOK || body != "thought" {
			t.Errorf("stream %v: a model that thinks longer than idle_timeout: status %d, %q", stream, resp.StatusCode, body)
		}
		began := time.Now()
		resp, _ := g.post(t, route, "x-then", "silence")
		if took := time.Since(began); resp.StatusCode != http.StatusGatewayTimeout || took < 4*time.Second || took > 15*time.Second {
			t.Errorf("stream %v: a silence inside a response ended with status %d after %v", stream, resp.StatusCode, took)
		}
	}
}
