package chains

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// TestBigBodiesFailOver fails over with a request of several MiB: it is written anew
// for the next backend, whole and with its own length.
func TestBigBodiesFailOver(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for _, w := range gatewaytest.Ways {
		fmt.Fprintf(&models, "  big-%s: {chain: [a/m+status=500, c/m+status=500, b/m], retries: 0}\n", w)
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	text := strings.Repeat("All of this must arrive. ", 200_000) + `[[sim text="It did."]]`
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			a := rig.Ask(w.Request("big-"+w.String(), text))
			if got := w.Text(t, a); got != "It did." {
				t.Errorf("answered %q", got)
			}
			if got := gatewaytest.Tried(rig.With(t).Row(a.Exchange())); got != "a500 c500 b200" {
				t.Errorf("tried %q", got)
			}
			for name, p := range rig.At {
				s := p.With(t).Served()
				last := s[len(s)-1]
				if got := last.Header.Get("Content-Length"); got != fmt.Sprint(len(last.Body)) || !strings.Contains(string(last.Body), text[:len(text)-30]) {
					t.Errorf("%s got %d bytes, with content-length %s", name, len(last.Body), got)
				}
			}
		})
	}
}

// TestChainAborts holds that a client that hangs up while a chain waits ends it: the
// provider hears of it, and no further one is asked.
func TestChainAborts(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for _, w := range gatewaytest.Ways {
		fmt.Fprintf(&models, "  waits-%s: {chain: [a/m+ttft=15s, c/m]}\n", w)
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			rig, mark := rig.With(t), "Hang up "+w.String()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			gone := make(chan error, 1)
			go func() {
				_, err := rig.Try(ctx, w.Request("waits-"+w.String(), mark))
				gone <- err
			}()
			rig.At["a"].Received()
			cancel()
			if err := <-gone; err == nil {
				t.Fatal("an answer came")
			}
			if s := rig.At["a"].Find(mark); s.Ended != sim.EndedClientGone {
				t.Errorf("the provider's side ended as %q", s.Ended)
			}
			var row record.Line
			rig.Eventually("the record", func() bool {
				i := slices.IndexFunc(rig.Rows(), func(r record.Line) bool { return r.Model == "waits-"+w.String() })
				if i >= 0 {
					row = rig.Rows()[i]
				}
				return i >= 0
			})
			if row.Outcome != "cancelled" || row.By != "client" || gatewaytest.Tried(row) != "a-" || row.Tokens != nil {
				t.Errorf("record %+v", row)
			}
			if n := len(rig.Served("c", mark)); n != 0 {
				t.Errorf("the next link got %d requests", n)
			}
		})
	}
}
