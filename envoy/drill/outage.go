package drill

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	turns      = 20               // requests through an outage
	backWithin = 30 * time.Second // of its recovery the primary answers again
	backEvery  = time.Second      // one request
)

// recoveryAfter is how long the primary is down before it recovers.
func recoveryAfter(outage time.Duration) time.Duration { return outage / 3 }

// throughOutage asks in turn while the primary is down, and stops if the answers take so
// long that the turns would never end.
func throughOutage(ctx context.Context, p *play) {
	began := time.Now()
	for i := range turns {
		due := began.Add(p.outage * time.Duration(i) / turns)
		if time.Since(due) > p.patience {
			p.late = fmt.Sprintf("the other %d were not asked: too late", turns-i)
			return
		}
		if !sleep(ctx, time.Until(due)) {
			return
		}
		p.once(ctx)
	}
}

// untilRecovered asks in turn until the primary, which recovers, answers again.
func untilRecovered(ctx context.Context, p *play) {
	up := time.Now().Add(recoveryAfter(p.outage))
	back := false
	for time.Now().Before(up.Add(backWithin)) {
		if !back && time.Now().After(up) {
			if err := p.recover(); err != nil {
				p.late = err.Error()
				return
			}
			back = true
		}
		if seen := p.once(ctx); back && strings.Contains(read(&seen).text, textOf(0)) {
			return
		}
		if !sleep(ctx, backEvery) {
			return
		}
	}
	p.late = fmt.Sprintf("the primary did not answer again within %s", backWithin)
}

// sleep reports whether the time passed before the context was done.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(max(0, d)):
		return true
	case <-ctx.Done():
		return false
	}
}
