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

// throughOutage asks in turn while the primary is down.
func throughOutage(p *play) {
	began := time.Now()
	for i := range turns {
		if !sleep(p.ctx, time.Until(began.Add(p.outage*time.Duration(i)/turns))) {
			return
		}
		p.once()
	}
}

// untilRecovered asks in turn until the primary, which recovers, answers again.
func untilRecovered(p *play) {
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
		if seen := p.once(); back && strings.Contains(read(&seen).text, textOf(0)) {
			return
		}
		if !sleep(p.ctx, backEvery) {
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
