package health

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// fall is how many checks in a row must fail until a backend counts as out.
	fall = 2
	// rise is how many checks in a row must succeed until it counts as back. Of one that
	// went out again soon after its return they are more, but no more than maxRise.
	rise, maxRise = 3, 10
	soon          = 5 * time.Minute

	// begin spreads the first checks of all backends.
	begin = time.Second
	// again is the pause after a failed check of a backend that is not out.
	again = time.Second
	// outAgain is the pause between the checks of a backend that is out.
	outAgain = 2 * time.Second
	// jitter is the part by which a pause is longer or shorter, at most.
	jitter = 0.1
)

// Recovery is the longest from the return of a backend until it is in use again.
const Recovery = 30 * time.Second

// target is a backend that is checked, and what is known of it.
type target struct {
	*want
	stop func()
	hint chan struct{} // holds a signal if a check is wanted at once

	checked  bool      // at least once
	failures int       // in a row
	reason   string    // of the latest failure
	why      string    // of the failure by which it went out
	streak   time.Time // when the first of these failed checks began
	passes   int       // in a row
	passed   time.Time // when the latest check that succeeded began

	down      bool
	needed    int       // passes until it counts as back
	out, back time.Time // when it went out and came back last; zero: never
}

func newTarget(w *want, stop func()) *target {
	return &target{want: w, stop: stop, hint: make(chan struct{}, 1), needed: rise}
}

// failed notes a check that failed. It reports whether that is the first one in a row.
func (t *target) failed(err error, began time.Time) (first bool) {
	t.checked, t.passes, t.reason = true, 0, err.Error()
	t.failures++
	if t.failures == 1 {
		t.streak = began
	}
	return t.failures == 1
}

// succeeded notes a check that did not fail.
func (t *target) succeeded(began, now time.Time) {
	t.checked, t.failures, t.passed = true, 0, began
	t.passes++
	if t.down && t.passes >= t.needed {
		t.down, t.back = false, now
	}
}

// vouches reports whether a check of the target that succeeded shows that the failed checks
// of another one are not because the network is missing here.
func (t *target) vouches(other *target, latest time.Time) bool {
	return t != other && !t.passed.Before(other.streak) && !t.passed.After(latest)
}

// fall counts the target as out.
func (t *target) fall(now time.Time) {
	if t.back.IsZero() || now.Sub(t.back) >= soon {
		t.needed = rise
	} else {
		t.needed = min(2*t.needed, maxRise)
	}
	t.down, t.out, t.why = true, now, t.reason
}

// pause is how long to wait for the next check.
func (t *target) pause() time.Duration {
	d := t.interval
	switch {
	case !t.checked:
		return rand.N(min(begin, t.interval))
	case t.down:
		d = min(d, outAgain)
	case t.failures > 0:
		d = min(d, again)
	}
	return time.Duration((1 - jitter + 2*jitter*rand.Float64()) * float64(d))
}

// hurry has the target checked at once.
func (t *target) hurry() {
	select {
	case t.hint <- struct{}{}:
	default:
	}
}

// wait waits until the next check is due. It reports whether ctx is not done.
func (t *target) wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.hint:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
