package balance

import (
	"fmt"
	"math"
	"time"

	"github.com/headgate/headgate/xds/signal"
)

const (
	// Least is the smallest share: what is asked no more is never seen to be mended.
	Least = 100

	enough = 10 // tries that say something
	down   = 200
	up     = 50 // slower, and the step of a use of which too little is known

	begins = 150 // difference at which a share begins to move
	ends   = 50  // difference at which it rests

	tolerated = 1.5 // times the median of the best that costs nothing
)

// health is what pairs saw of a use.
type health struct {
	tries, failed int64
	median        time.Duration // until the first token; 0: none came
}

func healthOf(t *signal.Tries) health {
	if t == nil {
		return health{}
	}
	return health{tries: t.Answered + t.Failed, failed: t.Failed, median: t.Median()}
}

// known reports whether it says something.
func (h health) known() bool { return h.tries >= enough }

// succeeded is the part of the tries that did.
func (h health) succeeded() float64 { return 1 - float64(h.failed)/float64(h.tries) }

// best is what the uses of a link are compared with.
type best struct {
	succeeded float64
	median    time.Duration // 0: none is known
}

// bestOf is the best of a link. A use of which too little is known may be a good one.
func bestOf(all []health) (b best) {
	for _, h := range all {
		if !h.known() {
			b.succeeded = 1
			continue
		}
		b.succeeded = max(b.succeeded, h.succeeded())
		if h.median > 0 && (b.median == 0 || h.median < b.median) {
			b.median = h.median
		}
	}
	return b
}

// share is what part of its weight a use keeps, in permille.
type share struct {
	permille int
	moving   bool
	seen     health
	reason   string
}

// move moves the share by a step at most.
func (s *share) move(seen health, b best) {
	s.seen = seen
	if !seen.known() {
		s.moving = false
		if s.permille < Whole {
			s.permille = min(s.permille+up, Whole)
			s.reason = "too little is known of it"
		}
		return
	}
	target := targetOf(seen, b)
	difference := target - s.permille
	if difference < 0 {
		difference = -difference
	}
	s.moving = difference > begins || s.moving && difference > ends
	if !s.moving && target != Whole { // it rests
		return
	}
	s.permille = max(s.permille-down, min(s.permille+up, target))
	s.reason = reasonOf(seen, b)
}

// targetOf is the share that a use deserves: the part of its tries that succeed, to the third
// power and relative to the best, and how much faster the best is beyond what is tolerated.
func targetOf(h health, b best) int {
	target := 1.0
	if b.succeeded > 0 {
		target = math.Pow(h.succeeded()/b.succeeded, 3)
	}
	if b.median > 0 {
		target /= max(1, h.median.Seconds()/(tolerated*b.median.Seconds()))
	}
	return max(Least, int(math.Round(target*Whole)))
}

func reasonOf(h health, b best) string {
	reason := fmt.Sprintf("%.0f%% of %d tries failed", 100*(1-h.succeeded()), h.tries)
	if h.median > 0 {
		reason += fmt.Sprintf("; first token after %v, of the best after %v", h.median.Round(time.Millisecond), b.median.Round(time.Millisecond))
	}
	return reason
}
