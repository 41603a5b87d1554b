package app

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// TestProbeHeaders holds with which headers a backend is asked for its models: as requests
// of clients are, and not at all if something of it is not set here.
func TestProbeHeaders(t *testing.T) {
	t.Setenv("HEADGATE_TEST_KEY", "sk-probe")
	t.Setenv("HEADGATE_TEST_TENANT", "7")
	for keys, want := range map[string]http.Header{
		`provider: openai, credential: {env: HEADGATE_TEST_KEY}`:    {"Authorization": {"Bearer sk-probe"}},
		`provider: anthropic, credential: {env: HEADGATE_TEST_KEY}`: {"X-Api-Key": {"sk-probe"}, "Anthropic-Version": {"2023-06-01"}},
		`provider: openai-compatible, url: "https://llm.example.com", credential: {env: HEADGATE_TEST_KEY}, auth_header: api-key, headers: {x-tenant: {env: HEADGATE_TEST_TENANT}, x-b: c}`: {
			"Api-Key": {"sk-probe"}, "X-Tenant": {"7"}, "X-B": {"c"}},
		`provider: openai-compatible, url: "http://127.0.0.1:1"`:                                                                   nil,
		`provider: openai, credential: {env: HEADGATE_TEST_NOWHERE}`:                                                               {"": nil},
		`provider: openai, credential: {env: HEADGATE_TEST_NOWHERE}, without_credential: simulate`:                                 {"": nil},
		`provider: openai, credential: {env: HEADGATE_TEST_KEY}, headers: {a: {env: HEADGATE_TEST_NOWHERE}}`:                       {"": nil},
		`provider: openai, credential: {file: /nowhere/key}, without_credential: simulate, headers: {a: {env: HEADGATE_TEST_KEY}}`: {"": nil},
	} {
		set, err := policy.Parse("policy.yaml", fmt.Appendf(nil, "version: 1\nbackends: {b: {%s}}\n", keys))
		if err != nil {
			t.Fatal(err)
		}
		got, ok := probeHeaders(set.Backends["b"])
		if _, unset := want[""]; unset != !ok {
			t.Errorf("%s: known %v", keys, ok)
			continue
		}
		if !ok {
			continue
		}
		for _, common := range []string{"User-Agent", "Accept"} {
			if got.Get(common) == "" {
				t.Errorf("%s: no %s", keys, common)
			}
			got.Del(common)
		}
		if diff := cmp.Diff(len(want), len(got)); diff != "" {
			t.Errorf("%s: %v, want %v", keys, got, want)
		}
		for name, values := range want {
			if diff := cmp.Diff(values, got[name]); diff != "" {
				t.Errorf("%s: %s differs (-want +got):\n%s", keys, name, diff)
			}
		}
	}
}
