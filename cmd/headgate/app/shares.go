package app

import (
	"sync"
	"time"

	"github.com/headgate/headgate/extproc/route"
	"github.com/headgate/headgate/xds/agent"
)

// sharesHold is how long a pair goes by shares that its control plane does not say again: what
// was unhealthy then may be mended.
const sharesHold = 2 * time.Minute

// shares are what part of its weight each use keeps, as the control plane says. It is safe for
// concurrent use.
type shares struct {
	uses route.Shares

	mu    sync.Mutex
	all   []agent.Share
	until *time.Timer // nil: nothing was ever said
}

// set takes the place of what was said before.
func (s *shares) set(all []agent.Share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = all
	by := map[string]map[string]float64{}
	for _, one := range all {
		if one.Permille <= 0 || one.Permille >= 1000 {
			continue
		}
		if by[one.Model] == nil {
			by[one.Model] = map[string]float64{}
		}
		by[one.Model][one.Use] = float64(one.Permille) / 1000
	}
	s.uses.Set(by)
	if s.until != nil {
		s.until.Stop()
	}
	if len(all) > 0 {
		s.until = time.AfterFunc(sharesHold, func() { s.set(nil) })
	}
}

func (s *shares) list() []agent.Share {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}
