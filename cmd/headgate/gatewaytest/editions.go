package gatewaytest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/policy"
)

// Edition is the k-th policy of a series in which every one differs: in the backends
// that it has, in their number, in the models, and in the model's name at the backend.
func Edition(k int, urls [3]string) string {
	var b strings.Builder
	b.WriteString("version: 1\nunpriced: flag\nbackends:\n")
	links := []int{k % 3, (k + 1) % 3}
	if k%4 == 0 {
		links = links[:1] // with the upstream level and without it
	}
	for _, i := range links {
		fmt.Fprintf(&b, "  b%d: {provider: openai-compatible, url: %q}\n", i, urls[i])
	}
	b.WriteString("models:\n  m: {timeout: 10s, chain: [")
	for n, i := range links {
		if n > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "b%d/v%d", i, k)
	}
	fmt.Fprintf(&b, "]}\n  only-%d: b%d/v%d\n", k%2, links[0], k)
	return b.String()
}

// RevisionOf is the revision of a policy, which must be without faults.
func RevisionOf(t *testing.T, text string) string {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set.Revision
}

// Editions are policies by revision.
type Editions struct {
	URLs      [3]string
	Revisions map[string]int
}

// NewEditions starts three providers and makes the first n editions of policies of them.
func NewEditions(t *testing.T, n int) *Editions {
	s := &Editions{Revisions: map[string]int{}}
	for i := range s.URLs {
		s.URLs[i] = Simulate(t, sim.Options{Keyless: true}).URL
	}
	s.URLs[2] = strings.Replace(s.URLs[2], "127.0.0.1", "localhost", 1) // whose clusters are there once the name is resolved
	for k := range n {
		s.Revisions[RevisionOf(t, Edition(k, s.URLs))] = k
	}
	return s
}

// Check holds that an answer is whole, and that the policy it names is the one whose
// backend gave it.
func (s *Editions) Check(t *testing.T, what string, a Answer) (edition int) {
	t.Helper()
	revision := a.Header.Get("x-headgate-policy-revision")
	k, known := s.Revisions[revision]
	served := a.Header.Get("x-headgate-model")
	if a.Status != http.StatusOK || a.Err != nil || !known {
		t.Errorf("%s: status %d, error %v, revision %q, %.300s", what, a.Status, a.Err, revision, a.Body)
		return -1
	}
	if want := fmt.Sprintf("v%d", k); served != want {
		t.Errorf("%s: policy %d answered with model %s, which another policy names", what, k, served)
	}
	return k
}

// Whole is the judge of a load that must not notice anything.
func (s *Editions) Whole(t *testing.T) func(string, Answer, error) {
	return func(what string, a Answer, err error) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		s.Check(t, what, a)
		if strings.HasPrefix(what, "stream") && !strings.Contains(a.Body, "data: [DONE]") {
			t.Errorf("%s was cut: ...%s", what, a.Body[max(0, len(a.Body)-200):])
		}
	}
}
