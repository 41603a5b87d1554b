package provider

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
)

// compile makes a stage of a policy whose one backend has two credentials.
func compile(t *testing.T, k *Kind, weight int, first string) (*stage, error) {
	t.Helper()
	set, err := policy.Parse("policy.yaml", fmt.Appendf(nil, `version: 1
backends: {b: {provider: openai, credential: [{env: %s}, {env: SECOND}]}}
models: {m: {chain: [[{use: b/gpt-4o, weight: %d}, {use: b/gpt-4o-mini, weight: 1}]]}}
`, first, weight))
	if err != nil {
		t.Fatal(err)
	}
	s, err := k.Compile(set)
	if err != nil {
		return nil, err
	}
	return s.(*stage), nil
}

func newTestKind(env map[string]string) *Kind {
	return NewKind(Options{
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Refused:   func(string, int) {}, Warn: func(string) {}, Now: time.Now,
	})
}

// TestARejectedCredentialStaysSoOverPolicies holds that a change of a weight does not
// send the provider a credential again that it has just refused, whichever policy's
// exchange saw it, and that a new secret begins afresh.
func TestARejectedCredentialStaysSoOverPolicies(t *testing.T) {
	k := newTestKind(map[string]string{"FIRST": "sk-1", "SECOND": "sk-2", "RENEWED": "sk-3"})
	picked := func(s *stage) string { secret, _ := s.secrets.Pick("b"); return secret.Reveal() }
	before, err := compile(t, k, 1, "FIRST")
	if err != nil {
		t.Fatal(err)
	}
	if got := picked(before); got != "sk-1" {
		t.Fatalf("picked %s", got)
	}
	before.reject("b", 0, 401)
	after, err := compile(t, k, 2, "FIRST")
	if err != nil {
		t.Fatal(err)
	}
	if got := picked(after); got != "sk-2" {
		t.Errorf("after a change of a weight %s is picked", got)
	}
	after.reject("b", 1, 401)
	if got := picked(before); got != "sk-1" {
		t.Errorf("a rejection under the newer policy is not known to the older: %s", got)
	}
	renewed, err := compile(t, k, 2, "RENEWED")
	if err != nil {
		t.Fatal(err)
	}
	if got := picked(renewed); got != "sk-3" {
		t.Errorf("a new secret is not picked: %s", got)
	}
}

// TestCompileNamesWhatIsNotSet holds that a policy is refused whose credential is not
// set in this environment, and that what was compiled before is as it was.
func TestCompileNamesWhatIsNotSet(t *testing.T) {
	k := newTestKind(map[string]string{"FIRST": "sk-1", "SECOND": "sk-2"})
	if _, err := compile(t, k, 1, "FIRST"); err != nil {
		t.Fatal(err)
	}
	last := k.last
	if _, err := compile(t, k, 1, "NOWHERE"); err == nil || !strings.Contains(err.Error(), `backend "b": environment variable NOWHERE`) {
		t.Errorf("error %v", err)
	}
	if k.last != last {
		t.Error("a refused policy changed what later ones inherit")
	}
}

// TestWhatWasFoundOutIsForgotten holds that a backend which is reset is asked with its first
// credential again, through every policy, and for streams.
func TestWhatWasFoundOutIsForgotten(t *testing.T) {
	k := newTestKind(map[string]string{"FIRST": "sk-1", "SECOND": "sk-2"})
	before, err := compile(t, k, 1, "FIRST")
	if err != nil {
		t.Fatal(err)
	}
	after, err := compile(t, k, 2, "FIRST")
	if err != nil {
		t.Fatal(err)
	}
	before.reject("b", 0, 401)
	after.askWhole(after.models["m"].main.targets[0])
	if n := k.Forget("other"); n != 0 {
		t.Errorf("%d things of another backend are forgotten", n)
	}
	if n := k.Forget("b"); n != 2 {
		t.Errorf("%d things are forgotten, want 2", n)
	}
	for _, s := range []*stage{before, after} {
		if secret, _ := s.secrets.Pick("b"); secret.Reveal() != "sk-1" {
			t.Errorf("picked %s", secret.Reveal())
		}
	}
	if after.models["m"].main.targets[0].wholeOnly.Load() || k.Forget("b") != 0 {
		t.Error("something is left")
	}
}
