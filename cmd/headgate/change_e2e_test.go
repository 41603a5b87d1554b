package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/policy"
)

// edition is the k-th policy of a series in which every one differs: in the backends
// that it has, in their number, in the models, and in the model's name at the backend.
func edition(k int, urls [3]string) string {
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

func revisionOf(t *testing.T, text string) string {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set.Revision
}

// editions are policies by revision.
type editions struct {
	urls      [3]string
	revisions map[string]int
}

func newEditions(t *testing.T, n int) *editions {
	s := &editions{revisions: map[string]int{}}
	for i := range s.urls {
		s.urls[i] = gatewaytest.Simulate(t, sim.Options{Keyless: true}).URL
	}
	s.urls[2] = strings.Replace(s.urls[2], "127.0.0.1", "localhost", 1) // whose clusters are there once the name is resolved
	for k := range n {
		s.revisions[revisionOf(t, edition(k, s.urls))] = k
	}
	return s
}

// check holds that an answer is whole, and that the policy it names is the one whose
// backend gave it.
func (s *editions) check(t *testing.T, what string, a gatewaytest.Answer) (edition int) {
	t.Helper()
	revision := a.Header.Get("x-headgate-policy-revision")
	k, known := s.revisions[revision]
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

// TestChangesUnderLoad publishes 100 policies to two pairs of two control planes while
// 200 streams are open and requests go on. Nothing fails, nothing is cut, and no
// exchange mixes two policies.
func TestChangesUnderLoad(t *testing.T) {
	const policies, streams, workers = 100, 200, 8
	s := newEditions(t, policies)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: edition(0, s.urls), XDS: 2, Pairs: 2})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var open, load sync.WaitGroup
	for i := range streams {
		pair := f.Pairs[i%2]
		open.Go(func() {
			what := fmt.Sprintf("stream %d", i)
			a, err := pair.Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", chatBody("m", "[[sim tokens=100 pause=200ms]] "+what, true), ""))
			if err != nil {
				t.Errorf("%s: %v", what, err)
				return
			}
			s.check(t, what, a)
			if !strings.Contains(a.Body, "data: [DONE]") {
				t.Errorf("%s was cut: ...%s", what, a.Body[max(0, len(a.Body)-200):])
			}
		})
	}
	for _, pair := range f.Pairs {
		gatewaytest.Eventually(t, "all streams at once", func() bool { return pair.Metric("headgate_streams_in_flight") >= streams/2 })
	}
	stop := make(chan struct{})
	var asked atomic.Int64
	var seen sync.Map
	for w := range workers {
		pair := f.Pairs[w%2]
		load.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				what := fmt.Sprintf("request %d of worker %d", i, w)
				a, err := pair.Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", chatBody("m", "[[sim tokens=3 ttft=20ms]] "+what, false), ""))
				if err != nil {
					t.Errorf("%s: %v", what, err)
					return
				}
				seen.Store(s.check(t, what, a), true)
				asked.Add(1)
			}
		})
	}
	for k := 1; k < policies; k++ {
		f.Write(edition(k, s.urls))
		time.Sleep(120 * time.Millisecond)
	}
	last := revisionOf(t, edition(policies-1, s.urls))
	for _, pair := range f.Pairs {
		gatewaytest.Eventually(t, "the last policy at "+pair.Node, func() bool { return pair.Metric(`headgate_pair_policy_info{revision="`+last+`"}`) == 1 })
	}
	close(stop)
	load.Wait()
	open.Wait()
	met := 0
	seen.Range(func(any, any) bool { met++; return true })
	t.Logf("%d requests and %d streams met %d of %d policies", asked.Load(), streams, met, policies)
	if met < policies/4 {
		t.Errorf("requests met %d of %d policies only: the changes did not take effect in time", met, policies)
	}
	for _, pair := range f.Pairs {
		if n := pair.Metric("headgate_exchanges_unheld_total") + pair.Metric("headgate_attempts_unjoined_total"); n != 0 {
			t.Errorf("%s: %v exchanges of policies that ext_proc did not hold, or attempts of none", pair.Node, n)
		}
		checkRows(t, s, pair)
	}
}

// checkRows holds that every row of the access log names one policy throughout.
func checkRows(t *testing.T, s *editions, pair *gatewaytest.Pair) {
	t.Helper()
	for _, row := range pair.Rows() {
		b, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		k, known := s.revisions[row.Revision]
		if row.Model == "m" && (!known || !strings.Contains(string(b), fmt.Sprintf(`"v%d"`, k))) {
			t.Errorf("%s: a row of policy %d: %s", pair.Node, k, b)
		}
	}
}
