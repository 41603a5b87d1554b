package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/headgate/headgate/policy"
)

const (
	// longestSleep bounds how late an expiry is noticed on a machine whose clock was set,
	// or that was asleep: timers run by another clock.
	longestSleep = time.Minute
	// expireAgain is the pause after an expiry that could not be recorded.
	expireAgain = 10 * time.Second
)

// Expire takes back what has expired of what lies over the document, as a change of its
// own, unless a process that shares the history has. It reports whether another change is
// in effect then.
func (s *Source) Expire() (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.Current().Number
	if err = s.sync(); err == nil {
		err = s.expire()
	}
	return s.Current().Number != before, err
}

// expire is Expire of the newest change that is known.
func (s *Source) expire() error {
	for {
		newest := s.history.newest()
		if newest.Overlay.IsZero() || newest.Overlay.Unknown() != nil {
			return nil
		}
		acts, expired := newest.Overlay.At(s.options.Now())
		if len(expired.Entries()) == 0 {
			return nil
		}
		e, err := compiled(Change{Origin: FromExpiry, Author: "headgate", Reason: expiryOf(expired), Files: newest.Files, Overlay: acts})
		if err == nil {
			_, err = s.accept(e, newest)
		}
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, ErrOvertaken):
			return s.refuse(FromExpiry, err)
		}
		if err := s.sync(); err != nil {
			return err
		}
	}
}

// expiryOf says what has expired.
func expiryOf(o policy.Overlay) string {
	var all []string
	for _, e := range o.Entries() {
		all = append(all, fmt.Sprintf("%s: %s of %s (%s)", e.Place(), e.Effect(), e.By().Author, e.By().Reason))
	}
	return "expired: " + strings.Join(all, "; ")
}

// ExpireInTime runs Expire whenever something expires, and says what came of it, until
// ctx is done. It is called once for each Source.
func (s *Source) ExpireInTime(ctx context.Context, done func(changed bool, err error)) {
	for s.sleep(ctx) {
		if at := s.Current().Overlay.Expiry(); at.IsZero() || s.options.Now().Before(at) {
			continue
		}
		changed, err := s.Expire()
		done(changed, err)
		if err != nil && !pause(ctx, expireAgain) {
			return
		}
	}
}

// sleep waits until the next expiry, though not too long, or a change of what is in
// effect. It reports whether ctx is not done.
func (s *Source) sleep(ctx context.Context) bool {
	var due <-chan time.Time
	if at := s.Current().Overlay.Expiry(); !at.IsZero() {
		timer := time.NewTimer(min(at.Sub(s.options.Now()), longestSleep))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
	case <-s.moved:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
