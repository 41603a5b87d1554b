package admin

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

const onePolicy = "version: 1\nunpriced: flag\nbackends: {b: {provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"}}\nmodels: {m: b/v1}\n"

// get asks the admin API as curl does.
func get(t *testing.T, addr, path, authorization string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// TestTheFirstAdminKey holds that the first start of a control plane makes a key for its owner
// alone, that nothing is answered without it, that commands use it by themselves, and that it
// outlives a kill; metrics need none.
func TestTheFirstAdminKey(t *testing.T) {
	t.Parallel()
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: onePolicy, XDS: 2})
	first, second := f.XDS[0], f.XDS[1]
	path := filepath.Join(f.Dir, "xds-1", "admin.key")
	read := func() string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(data))
	}
	key := read()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info, err)
	}
	for _, route := range []string{"/api/v1/status", "/api/v1/policy", "/api/v1/costs", "/api/v1/exchanges", "/api/v1/openapi.yaml"} {
		for header, want := range map[string]int{"": 401, "Bearer " + key: 200, "Bearer " + key + "x": 401, "Basic " + key: 401} {
			if got := get(t, first.Admin, route, header); got != want {
				t.Errorf("%s with %.12q…: %d, want %d", route, header, got, want)
			}
		}
	}
	if got := get(t, second.Admin, "/api/v1/status", "Bearer "+key); got != 401 {
		t.Errorf("another control plane's key: %d", got)
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		if got := get(t, first.Ops, path, ""); got != 200 {
			t.Errorf("%s without a key: %d", path, got)
		}
	}
	for _, x := range f.XDS {
		gatewaytest.NewOperator(t, x.Admin).Says(0, []string{"status"}, gatewaytest.RevisionOf(t, onePolicy))
	}
	first.Kill()
	f.StartXDS(0)
	f.Pairs[0].AwaitLink()
	if read() != key || get(t, first.Admin, "/api/v1/status", "Bearer "+key) != 200 {
		t.Error("the key did not outlive a kill")
	}
	if log := first.Log(); strings.Contains(log, key) {
		t.Error("the log has the key")
	}
}
