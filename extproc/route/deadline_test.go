package route

import (
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// TestTheShorterBoundCounts holds that Envoy gets the shorter of what the client asks for
// and what the policy allows, and none if neither says any.
func TestTheShorterBoundCounts(t *testing.T) {
	for _, c := range []struct {
		asked string
		total time.Duration
		want  string
	}{
		{"", 0, ""}, {"2s", 0, "2000"}, {"", time.Minute, "60000"},
		{"2s", time.Minute, "2000"}, {"90", time.Minute, "60000"}, {"1m", time.Minute, "60000"},
	} {
		ex := &exchange.Exchange{Route: exchange.Route{Total: c.total}}
		if c.asked != "" {
			ex.Request.Headers = exchange.Headers{{Name: TimeoutHeader, Value: []byte(c.asked)}}
		}
		v := (&visit{ex: ex}).deadline(&ex.Request)
		if got := string(ex.Request.Out.Set.Get("x-envoy-upstream-rq-timeout-ms")); v.Action != exchange.Pass || got != c.want {
			t.Errorf("asked %q, total %v: %q, want %q, %v", c.asked, c.total, got, c.want, v)
		}
	}
}
