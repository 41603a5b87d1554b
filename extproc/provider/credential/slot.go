package credential

import (
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// slot is one credential: where its secret is found, and whether a provider took it.
type slot struct {
	*secret.Source
	index    int
	rejected *atomic.Int64 // Unix nanoseconds of the last rejection; 0: none. Never nil, and shared with the same secret of another policy
}

func resolve(at policy.Credential, index int, as secret.Form, lookupEnv func(string) (string, bool), now time.Time) (*slot, error) {
	source, err := secret.Find(at, as, lookupEnv, now)
	if err != nil {
		return nil, err
	}
	return &slot{source, index, new(atomic.Int64)}, nil
}

func (s *slot) cooling(now time.Time) bool {
	at := s.rejected.Load()
	return at != 0 && now.UnixNano()-at < int64(CoolDown)
}

// refresh looks for another secret when that is due.
func (s *slot) refresh(now time.Time) {
	if s.Refresh(now) {
		s.rejected.Store(0) // the provider has not seen this one yet
	}
}
