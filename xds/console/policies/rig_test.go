package policies_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/policies"
)

// first is the policy in effect when a test begins.
const first = `# the first
version: 1
unpriced: flag
backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
models: {fast: b/m}
`

// second differs from it by a model and a limit.
const second = first + "limits: {body: 1MiB}\n"

type rig struct {
	consoletest.API
	policies *consoletest.Policies
}

func newRig(t *testing.T) rig {
	t.Helper()
	p := consoletest.New(t, first)
	return rig{serve(t, p), p}
}

func serve(t *testing.T, s policies.Source) consoletest.API {
	t.Helper()
	return consoletest.Mounted(t, policies.Prefix, policies.Routes(s))
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func one(text string) []policy.File {
	return []policy.File{{Name: "policy.yaml", Data: []byte(text)}}
}

func revision(t *testing.T, text string) string {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set.Revision
}
