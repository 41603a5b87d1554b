package fleet

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// stallOf is longer than Envoy waits for ext_proc about a small request, and shorter than
// about a large one.
const stallOf = 3 * time.Second

// TestLargeUploadsOutlastAStall holds that many uploads of a mebibyte at once are answered,
// each of them, although ext_proc gets no time for longer than a small request is waited
// for: while their headers come, and again while their bodies do.
func TestLargeUploadsOutlastAStall(t *testing.T) {
	t.Parallel()
	const uploads = 200
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		Env:    []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey},
		Policy: gatewaytest.PolicyFor(p, "  chain: {chain: [sim/plain, claude/plain-claude]}\n"),
	})
	pair := f.Pairs[0]
	ask := func(r gatewaytest.Request) (int, string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		a, err := pair.Try(ctx, r)
		if err != nil || a.Err != nil {
			t.Error(err, a.Err)
		}
		return a.Status, a.Body
	}
	text := strings.Repeat("word and ", 1<<20/9) + "[[sim tokens=2]]"
	answers, small := make(chan int, uploads), make(chan int, 1)
	var bad atomic.Int64
	pair.ExtProc.Freeze()
	for i := range uploads {
		r := gatewaytest.Ways[i%4].Request([]string{"plain", "plain-claude", "chain"}[i%3], text)
		r.Chunked = i%8 == 0 // its length is not known
		go func() {
			status, body := ask(r)
			if status != http.StatusOK && bad.Add(1) < 5 {
				t.Errorf("status %d: %.300s", status, body)
			}
			answers <- status
		}()
	}
	go func() {
		status, _ := ask(gatewaytest.Ways[0].Request("plain", "small"))
		small <- status
	}()
	time.Sleep(stallOf)
	pair.ExtProc.Thaw()
	for range uploads / 20 {
		<-answers
	}
	pair.ExtProc.Freeze()
	time.Sleep(stallOf)
	pair.ExtProc.Thaw()
	for range uploads - uploads/20 {
		<-answers
	}
	if n := bad.Load(); n > 0 {
		t.Errorf("%d of %d uploads got no answer", n, uploads)
	}
	if status := <-small; status != http.StatusGatewayTimeout {
		t.Errorf("a small request got %d: the stall was none", status)
	}
}
