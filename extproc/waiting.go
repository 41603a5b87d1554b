package extproc

import (
	"context"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"github.com/headgate/headgate/extproc/exchange"
)

// waitBound is how long the stages of one exchange may wait, all together. Envoy takes
// no longer time for one answer, and ignores a wish beyond it.
const waitBound = 90 * time.Second

// waitMargin is how long before Envoy's patience the last stage's time ends, so that
// the client gets its refusal and not Envoy's 504.
const waitMargin = time.Second

// waiting grants the stages of one exchange time. Envoy takes one wish per message: the
// first stage that asks gets all that is left, later ones a share of it. It implements
// exchange.Waiting and belongs to the exchange's goroutine.
type waiting struct {
	stream extprocv3.ExternalProcessor_ProcessServer
	now    func() time.Time
	used   time.Duration        // in messages before
	since  time.Time            // that Envoy knows of the wait; zero: it does not
	cancel []context.CancelFunc // of the contexts given in this message
}

// More implements exchange.Waiting. The context of a gRPC stream ends as the client
// leaves (envoy/facts).
func (w *waiting) More(ctx context.Context, d time.Duration) (context.Context, error) {
	now := w.now()
	left := waitBound - w.used
	if w.since.IsZero() {
		if left <= waitMargin {
			return nil, exchange.ErrNoTime
		}
		if err := w.stream.SendMsg(&reply{more: left}); err != nil {
			return nil, err
		}
		w.since = now
	}
	left -= waitMargin + now.Sub(w.since)
	if left <= 0 {
		return nil, exchange.ErrNoTime
	}
	ctx, cancel := context.WithTimeout(ctx, min(d, left))
	w.cancel = append(w.cancel, cancel)
	return ctx, nil
}

// endMessage ends what was granted for one message.
func (w *waiting) endMessage() {
	if w.since.IsZero() {
		return
	}
	w.used += w.now().Sub(w.since)
	w.since = time.Time{}
	for _, cancel := range w.cancel {
		cancel()
	}
	w.cancel = w.cancel[:0]
}
