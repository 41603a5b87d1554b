package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestChangesUnderLoad publishes 100 policies to two pairs of two control planes while
// 200 streams are open and requests go on. Nothing fails, nothing is cut, and no
// exchange mixes two policies.
func TestChangesUnderLoad(t *testing.T) {
	const policies, streams, workers = 100, 200, 8
	s := gatewaytest.NewEditions(t, policies)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(0, s.URLs), XDS: 2, Pairs: 2})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var open, load sync.WaitGroup
	for i := range streams {
		pair := f.Pairs[i%2]
		open.Go(func() {
			what := fmt.Sprintf("stream %d", i)
			a, err := pair.Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("m", "[[sim tokens=75 pause=200ms]] "+what, true), ""))
			if err != nil {
				t.Errorf("%s: %v", what, err)
				return
			}
			s.Check(t, what, a)
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
				a, err := pair.Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("m", "[[sim tokens=3 ttft=20ms]] "+what, false), ""))
				if err != nil {
					t.Errorf("%s: %v", what, err)
					return
				}
				seen.Store(s.Check(t, what, a), true)
				asked.Add(1)
			}
		})
	}
	for k := 1; k < policies; k++ {
		f.Write(gatewaytest.Edition(k, s.URLs))
		time.Sleep(120 * time.Millisecond)
	}
	last := gatewaytest.RevisionOf(t, gatewaytest.Edition(policies-1, s.URLs))
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
		pair.CheckRevisionsKnown()
		if n := pair.Metric("headgate_attempts_unjoined_total"); n != 0 {
			t.Errorf("%s: %v attempts of no exchange", pair.Node, n)
		}
		checkRows(t, s, pair)
	}
}

// checkRows holds that every row of the access log names one policy throughout.
func checkRows(t *testing.T, s *gatewaytest.Editions, pair *gatewaytest.Pair) {
	t.Helper()
	for _, row := range pair.Rows() {
		b, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		k, known := s.Revisions[row.Revision]
		if row.Model == "m" && (!known || !strings.Contains(string(b), fmt.Sprintf(`"v%d"`, k))) {
			t.Errorf("%s: a row of policy %d: %s", pair.Node, k, b)
		}
	}
}
