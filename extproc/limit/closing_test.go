package limit_test

import (
	"io"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/ledger"
)

// closing is a store that a policy must close.
type closing struct {
	ledger.Store
	closed int
}

// Close implements io.Closer.
func (c *closing) Close() error { c.closed++; return nil }

// TestAPolicyClosesItsStore holds that a policy that is not used any more leaves no connections.
func TestAPolicyClosesItsStore(t *testing.T) {
	r := &rig{TB: t, now: begin, reg: prometheus.NewRegistry()}
	s := &closing{Store: ledger.NewMemory(r.time)}
	r.with(s, seed)
	if err := r.stage.(io.Closer).Close(); err != nil || s.closed != 1 {
		t.Errorf("closed %d times, %v", s.closed, err)
	}
}
