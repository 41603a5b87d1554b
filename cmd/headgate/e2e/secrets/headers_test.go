package secrets

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// canaryHeader is the value of a header of a backend.
const canaryHeader = "canary header 5b1d"

// headerRig is a gateway before three providers that are sent headers of their own, at URLs
// as vendors print them.
type headerRig struct {
	*gatewaytest.Gateway
	at map[string]*gatewaytest.Provider
}

func startHeaders(t *testing.T) *headerRig {
	r := &headerRig{at: map[string]*gatewaytest.Provider{}}
	base := map[string]string{}
	for _, name := range []string{"azure", "charged", "claude"} {
		r.at[name] = gatewaytest.Simulate(t, gatewaytest.Keyless)
		base[name] = strings.TrimSuffix(r.at[name].URL, "/v1")
	}
	r.Gateway = gatewaytest.Start(t, fmt.Sprintf(`version: 1
unpriced: flag
backends:
  azure: {provider: openai-compatible, url: %q, credential: {env: HEADGATE_E2E_KEY}, auth_header: api-key, headers: {X-Tenant: "7", User-Agent: gateway/1, x-canary: {env: HEADGATE_E2E_HEADER}}}
  charged: {provider: openai, url: "%s/v1/chat/completions", credential: {env: HEADGATE_E2E_KEY}, organization: org-1, project: {env: HEADGATE_E2E_PROJECT}}
  claude: {provider: openai-compatible, dialect: anthropic, url: "%s/", credential: {env: HEADGATE_E2E_KEY}, auth_header: authorization, headers: {anthropic-beta: context}}
models:
%s`, base["azure"], base["charged"], base["claude"], headerModels()), gatewaytest.Options{
		Env:  []string{"HEADGATE_E2E_KEY=" + gatewaytest.BackendKey, "HEADGATE_E2E_HEADER=" + canaryHeader, "HEADGATE_E2E_PROJECT=proj-1"},
		Args: []string{"--log-level", "debug"},
	})
	return r
}

// headerOrders are the orders in which backends are asked, by the name of a model.
var headerOrders = map[string][]string{
	"from-azure": {"azure", "claude", "charged"}, "from-claude": {"claude", "charged", "azure"}, "from-charged": {"charged", "azure", "claude"},
	"azure": {"azure"}, "charged": {"charged"}, "claude": {"claude"},
}

// headerModels writes a model for each order and way of asking, whose last backend answers:
// a backend that fails three times in a row is left out.
func headerModels() string {
	var models strings.Builder
	for name, order := range headerOrders {
		for _, w := range gatewaytest.Ways {
			failing := strings.Join(order[:len(order)-1], "/m+status=500, ")
			if failing != "" {
				failing += "/m+status=500, "
			}
			fmt.Fprintf(&models, "  %s-%s: {chain: [%s%s/m], retries: 0}\n", name, w, failing, order[len(order)-1])
		}
	}
	return models.String()
}

// check compares what a provider got with the only headers that it may get.
func (r *headerRig) check(t *testing.T, name, mark string) {
	t.Helper()
	served := r.at[name].With(t).Find(mark)
	want := http.Header{"Content-Type": {"application/json"}, "Content-Length": {strconv.Itoa(len(served.Body))}, "User-Agent": {"client/1"}}
	path := "/v1/chat/completions"
	switch name {
	case "azure":
		want["User-Agent"], want["Openai-Beta"] = []string{"gateway/1"}, []string{"beta-2"}
		want["Api-Key"], want["X-Tenant"], want["X-Canary"] = []string{gatewaytest.BackendKey}, []string{"7"}, []string{canaryHeader}
	case "charged":
		want["Authorization"], want["Openai-Beta"] = []string{"Bearer " + gatewaytest.BackendKey}, []string{"beta-2"}
		want["Openai-Organization"], want["Openai-Project"] = []string{"org-1"}, []string{"proj-1"}
	case "claude":
		path = "/v1/messages"
		want["Authorization"] = []string{"Bearer " + gatewaytest.BackendKey}
		want["Anthropic-Version"], want["Anthropic-Beta"] = []string{"2023-06-01"}, []string{"beta-1,context"}
	}
	if diff := cmp.Diff(want, served.Header); diff != "" || served.Path != path {
		t.Errorf("%s is asked at %s, with headers (-want +got):\n%s", name, served.Path, diff)
	}
}

// TestBackendsAreSentTheirOwnHeaders fails over in each order, and asks each backend alone:
// every provider gets the headers of its own backend and none of another's or the client's,
// at the path that its URL stands for. None of them is in a log or a record.
func TestBackendsAreSentTheirOwnHeaders(t *testing.T) {
	t.Parallel()
	r := startHeaders(t)
	client := append([]string{"x-tenant", "9", "x-canary", "mine"}, clientSecrets...)
	for model, asked := range headerOrders {
		for _, w := range gatewaytest.Ways {
			t.Run(model+" "+w.String(), func(t *testing.T) {
				mark := fmt.Sprintf("Headers %s %s?", model, w)
				a := r.With(t).Ask(w.Request(model+"-"+w.String(), mark, append(client, "anthropic-beta", "beta-1", "openai-beta", "beta-2")...))
				if a.Status != http.StatusOK {
					t.Fatalf("status %d: %s", a.Status, a.Body)
				}
				for _, name := range asked {
					r.check(t, name, mark)
				}
			})
		}
	}
	r.Stop()
	if strings.Contains(r.Log(), canaryHeader) {
		t.Error("the log holds a header of a backend")
	}
	files := 0
	if err := filepath.WalkDir(filepath.Dir(r.Data), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if files++; bytes.Contains(b, []byte(canaryHeader)) {
			t.Errorf("%s holds a header of a backend", path)
		}
		return err
	}); err != nil || files == 0 {
		t.Errorf("%d files were searched: %v", files, err)
	}
}

// TestRotationInAnotherHeader has the first of two credentials refused that are sent in a
// header which the policy names.
func TestRotationInAnotherHeader(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, sim.Options{Keys: []string{rotatedIn}})
	g := gatewaytest.Start(t, fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  two: {provider: openai-compatible, dialect: anthropic, url: %q, auth_header: Authorization, headers: {x-a: b}, credential: [{env: HEADGATE_E2E_OUT}, {env: HEADGATE_E2E_IN}]}\nmodels: {m: two/m}\n", p.URL),
		gatewaytest.Options{Env: []string{"HEADGATE_E2E_OUT=" + rotatedOut, "HEADGATE_E2E_IN=" + rotatedIn}})
	if a := g.Chat(gatewaytest.ChatBody("m", "rotate", false), ""); a.Status != http.StatusUnauthorized || strings.Contains(a.Body, rotatedOut) {
		t.Fatalf("status %d: %s", a.Status, a.Body)
	}
	gatewaytest.MustOK(t, g.Chat(gatewaytest.ChatBody("m", "rotated", false), ""))
	for mark, key := range map[string]string{"rotate": rotatedOut, "rotated": rotatedIn} {
		if s := p.Find(`"` + mark + `"`); s.Key != key || s.Header.Get("Authorization") != "Bearer "+key || s.Header.Get("X-Api-Key") != "" || s.Header.Get("X-A") != "b" {
			t.Errorf("%s: key %q, headers %v", mark, s.Key, s.Header)
		}
	}
}
