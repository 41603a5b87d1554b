package backends_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/backends"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/pair"
)

// forgetful are pairs that note what they are to forget.
type forgetful struct{ backends []string }

func (f *forgetful) Forget(_ context.Context, backend string) pair.Forgotten {
	f.backends = append(f.backends, backend)
	return pair.Forgotten{Pairs: 3, Silent: []string{"n"}, Elsewhere: 2, Things: 5}
}

// TestReset holds that a backend of the policy is reset by somebody for a reason, and no other.
func TestReset(t *testing.T) {
	pairs := &forgetful{}
	policies := consoletest.New(t, "version: 1\nbackends: {b: {provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"}}\n")
	api := consoletest.Mounted(t, backends.Prefix, backends.Routes(policies, pairs, zap.NewNop()))
	for _, c := range []struct {
		path, body string
		status     int
		code       string
	}{
		{"b/reset", `{"author": "ann", "reason": " "}`, 400, console.BadRequest.Code},
		{"b/reset", `{"reason": "more"}`, 400, console.BadRequest.Code},
		{"b/reset", `{"author": "ann", "reason": "more", "model": "m"}`, 400, console.BadRequest.Code},
		{"c/reset", `{"author": "ann", "reason": "more"}`, 404, backends.Unknown.Code},
	} {
		got := consoletest.Want[console.Failure](t, api.Ask("POST", "/api/v1/backends/"+c.path, c.body), c.status)
		if got.Cause.Code != c.code {
			t.Errorf("%s %s: %+v", c.path, c.body, got)
		}
	}
	got := consoletest.Want[backends.Reset](t, api.Ask("POST", "/api/v1/backends/b/reset", `{"author": "ann", "reason": "more"}`), 200)
	if diff := cmp.Diff(backends.Reset{Backend: "b", Pairs: 3, Silent: 1, Elsewhere: 2, Things: 5}, got); diff != "" || !cmp.Equal(pairs.backends, []string{"b"}) {
		t.Errorf("%q are reset (-want +got):\n%s", pairs.backends, diff)
	}
}
