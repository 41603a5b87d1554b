package credential

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// sending makes a policy whose backend "b" is sent headers found at these places.
func sending(without policy.WithoutCredential, headers map[string]policy.HeaderValue) *policy.Set {
	s := set(without)
	s.Backends["b"].Headers = make(map[string]*policy.HeaderValue)
	for name, v := range headers {
		s.Backends["b"].Headers[name] = &v
	}
	return s
}

func foundAt(ref policy.Credential) policy.HeaderValue { return policy.HeaderValue{Credential: ref} }

func values(s *Store) []string {
	var all []string
	for _, h := range s.Headers("b") {
		all = append(all, h.Name+": "+h.Reveal())
	}
	return all
}

// TestHeaders holds that the values of a backend's headers are found where the policy says,
// and that a file is read again.
func TestHeaders(t *testing.T) {
	c, path := newClock(), filepath.Join(t.TempDir(), "value")
	put(t, path, "first value\n", 0o644)
	policies := sending(policy.WithoutFail, map[string]policy.HeaderValue{
		"x-text": {Text: "a text"}, "x-env": foundAt(policy.Credential{Env: "E"}), "x-file": foundAt(policy.Credential{File: path}),
	})
	policies.Backends["b"].Organization = foundAt(policy.Credential{Env: "O"})
	s, err := New(policies, env("E", "Token hunter2", "O", "org-1"), c.Now)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"x-env: Token hunter2", "x-file: first value", "x-text: a text", "openai-organization: org-1"}
	if diff := cmp.Diff(want, values(s)); diff != "" {
		t.Errorf("headers differ (-want +got):\n%s", diff)
	}
	if got := reveal(s.Secrets("b")); !slices.Equal(got, []string{"Token hunter2", "first value"}) {
		t.Errorf("secrets %q: texts in clear and short values are none", got)
	}
	if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "is open to every user") {
		t.Errorf("warnings %q", w)
	}
	put(t, path, "second value", 0o600)
	c.Add(time.Second)
	if got := values(s)[1]; got != "x-file: second value" {
		t.Errorf("after a change: %s", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c.Add(time.Second)
	if got := values(s)[1]; got != "x-file: second value" || len(s.Warnings()) != 1 {
		t.Errorf("without the file: %s, warnings %q", got, s.Warnings())
	}
	if secret, index := s.Pick("b"); secret.Reveal() != "" || index != -1 {
		t.Errorf("a header counts as credential %d", index)
	}
}

// TestHeadersThatAreNotSet holds that a header without a value is a fault, or has the
// simulated provider stand in if the policy allows it.
func TestHeadersThatAreNotSet(t *testing.T) {
	headers := map[string]policy.HeaderValue{"x-a": foundAt(policy.Credential{Env: "A"}), "x-b": foundAt(policy.Credential{File: "/none"}), "x-c": {Text: "c"}}
	_, err := New(sending(policy.WithoutFail, headers), env(), newClock().Now)
	if err == nil || !strings.Contains(err.Error(), `backend "b": header x-a: environment variable A: credential is not set`) || !strings.Contains(err.Error(), `header x-b: file /none`) {
		t.Errorf("error %v", err)
	}
	simulated := sending(policy.WithoutSimulate, headers)
	s, err := New(simulated, env(), newClock().Now)
	if b := simulated.Backends["b"]; err != nil || !s.Missing(b) || !slices.Equal(s.Lacks(b), []string{"A", "/none"}) {
		t.Errorf("error %v, lacks %q", err, s.Lacks(b))
	}
	for _, text := range []string{"hunter2\r\nx: y", " hunter2", "hünter2", "hunter2\t2"} {
		_, err := New(sending(policy.WithoutSimulate, headers), env("A", text), newClock().Now)
		if err == nil || !strings.Contains(err.Error(), "a header cannot carry") || strings.Contains(err.Error(), "unter2") {
			t.Errorf("%q: error %v", text, err)
		}
		if err := secret.Check(policy.Credential{Env: "A"}, secret.InHeader, env("A", text)); err == nil {
			t.Errorf("%q is good", text)
		}
	}
	if secret.Check(policy.Credential{Env: "A"}, secret.InHeader, env("A", "two words")) != nil || secret.Check(policy.Credential{Env: "A"}, secret.Key, env("A", "two words")) == nil {
		t.Error("blanks may stand in a header, and not in a credential")
	}
}
