// Package keys holds what becomes of keys that the control plane has made: at which pairs they
// are taken, and until when, whatever dies.
package keys

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/xds/key"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// ofPolicy is a key that the policy itself names.
const ofPolicy = "a-key-that-the-policy-names-1f0c"

// policyOf takes keys of both kinds.
func policyOf(p *gatewaytest.Provider, more string) string {
	return gatewaytest.PolicyFor(p, "managed_keys: true\ncallers: {ci: {key: {env: CI_KEY}}}\n"+more)
}

var environment = []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey, "CI_KEY=" + ofPolicy}

// makerAt makes keys in a database as another control plane does, without a word to those that
// pairs are linked to.
func makerAt(t *testing.T, place store.Place) *key.Service {
	t.Helper()
	d := store.New(prometheus.NewRegistry(), zap.NewNop())
	d.Follow(place)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return key.New(key.Options{Database: d, Now: time.Now})
}

// shared is a database of PostgreSQL, and the environment that names it.
func shared(t *testing.T) (s *storetest.Server, env string, maker *key.Service) {
	t.Helper()
	s = storetest.StartServer(t)
	t.Setenv("HEADGATE_E2E_KEYS", s.URL("postgres"))
	return s, "DATABASE_URL=" + s.URL("postgres"), makerAt(t, store.Place{Env: "HEADGATE_E2E_KEYS"})
}

func create(t *testing.T, m *key.Service, s key.Spec) *key.Made {
	t.Helper()
	made, err := m.Create(context.Background(), s, "test")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// ask sends a request with a key, and returns the status and the error's code.
func ask(g *gatewaytest.Gateway, text string) (status int, code string) {
	a := g.Chat(gatewaytest.ChatBody("plain", "[[sim tokens=1]]", false), "", "Authorization", "Bearer "+text)
	if _, after, ok := strings.Cut(a.Body, `"code":"`); ok {
		code, _, _ = strings.Cut(after, `"`)
	}
	return a.Status, code
}

// awaits waits until a key is taken, or is not.
func awaits(t *testing.T, what string, text string, want int, all ...*gatewaytest.Pair) {
	t.Helper()
	for _, p := range all {
		gatewaytest.Eventually(t, what+" at "+p.Node, func() bool {
			status, _ := ask(&p.Gateway, text)
			return status == want
		})
	}
}

// takes holds that a pair answers a key with a status now.
func takes(t *testing.T, what, text string, want int, all ...*gatewaytest.Pair) {
	t.Helper()
	for _, p := range all {
		if status, code := ask(&p.Gateway, text); status != want {
			t.Errorf("%s: %s says %d %s, want %d", what, p.Node, status, code, want)
		}
	}
}

const ok, refused = http.StatusOK, http.StatusUnauthorized
