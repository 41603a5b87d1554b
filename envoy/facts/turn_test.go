package facts_test

import (
	"fmt"
	"strings"
	"testing"
)

// previous_priorities computes the load of the priorities before an attempt that begins a
// turn, and keeps it for the rest of that turn. What is marked or ejected meanwhile is its
// only choice then. In the first turn the load is the cluster's own, which is up to date.
func TestAMarkInTheMiddleOfALaterTurnLeavesNoEndpointForTheNextAttempt(t *testing.T) {
	for _, c := range []struct {
		name     string
		a, b     []int
		markedAt int // the attempt at b that is marked, from 1
		tried    string
		status   int
	}{
		{"in the first turn", []int{429}, []int{429}, 1, "abc", 200},
		{"in the middle of a later one", []int{500}, []int{429}, 1, "aaab", 503},
		{"at the end of a later one", []int{500}, []int{429}, 3, "aaabbbc", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			slow := strings.Replace(theRule, "base_interval: 0.025s, max_interval: 0.05s", "base_interval: 0.2s, max_interval: 0.2s", 1)
			var got string
			for range 3 { // the mark may come to the worker after the back-off
				r := start(t, setup{Retry: slow, Pool: thePool, UpstreamMode: headersOnly}, "a", "b", "c")
				r.play(routed(), markAt(c.markedAt))
				r.providers["a"].serve(inTurnStatus(c.a))
				r.providers["b"].serve(inTurnStatus(c.b))
				a := r.post(t, `{}`)
				if got = fmt.Sprint(names(r.received.take()), " ", a.status); got == fmt.Sprint(c.tried, " ", c.status) {
					return
				}
			}
			t.Errorf("tried %s, want %s %d", got, c.tried, c.status)
		})
	}
}

// markAt marks the nth 429 of an endpoint and those after it.
func markAt(n int) script {
	marks := markDegraded()
	seen := map[string]int{}
	plain := responseHeaders(nil)
	return script{responseHeaders: func(s *stream, m *request) error {
		name := attribute(s.messages[0], backendLeaf)
		seen[name]++
		if seen[name] < n {
			return s.grpc.Send(plain)
		}
		return marks.responseHeaders(s, m)
	}}
}
