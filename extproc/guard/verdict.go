package guard

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/policy"
)

// verdict is what one guard made of what it was given.
type verdict struct {
	guard   *Guard
	opinion content.Opinion
	err     error
	fixed   bool // a finding is in a text that cannot be changed
	took    time.Duration
}

// found reports whether the guard has something against it.
func (v *verdict) found() bool { return v.opinion.Flagged || len(v.opinion.Findings) > 0 }

// denies reports whether the guard refuses: also what it should mask and cannot, because it did
// not say at which places, or the text cannot be changed.
func (v *verdict) denies() bool {
	g := v.guard
	switch {
	case !g.acts():
		return false
	case v.err != nil:
		return g.OnError == policy.FailClosed
	case g.masks():
		return v.fixed || v.opinion.Flagged && len(v.opinion.Findings) == 0
	}
	return v.found()
}

// late reports whether the guard did not decide in time.
func (v *verdict) late() bool { return errors.Is(v.err, context.DeadlineExceeded) }

// left reports whether the client has left before the guard decided: that is no failure of it.
func (v *verdict) left() bool { return errors.Is(v.err, context.Canceled) }

// types lists the types of what was found, each once.
func (v *verdict) types() string {
	var all []string
	for i := range v.opinion.Findings {
		if t := v.opinion.Findings[i].Type; !slices.Contains(all, t) && len(all) < exchange.MaxTypes {
			all = append(all, t)
		}
	}
	for _, t := range v.opinion.Types {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return strings.Join(all, ", ")
}

// result is what came of the guard, or in shadow what would have.
func (v *verdict) result(cut bool) exchange.GuardResult {
	g := v.guard
	switch {
	case v.late():
		return exchange.GuardLate
	case v.err != nil:
		return exchange.GuardFailed
	case !v.found():
		return exchange.GuardPassed
	case g.Action == policy.GuardFlag:
		return exchange.GuardFlagged
	case g.masks() && len(v.opinion.Findings) > 0 && !v.fixed:
		return exchange.GuardMasked
	case cut:
		return exchange.GuardCut
	default:
		return exchange.GuardDenied
	}
}

// score is the highest score of what was found.
func (v *verdict) score() float64 {
	score := v.opinion.Score
	for i := range v.opinion.Findings {
		score = max(score, v.opinion.Findings[i].Score)
	}
	return score
}
