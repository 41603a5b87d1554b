package limit

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
)

// books are the bounds of a policy on one calendar day, on which the windows of its budgets
// depend. They are safe for concurrent use.
type books struct {
	stage            *stage
	day, month       window
	models, features map[string][]bound // without their scope

	mu       sync.RWMutex
	accounts map[account]*terms
}

// window is the time that a budget is for.
type window struct {
	name         string
	begins, ends time.Time
}

// account is what decides which bounds a caller has.
type account struct {
	name, user, team, tier string
	quota                  exchange.Quota
	hop                    bool
}

// terms are what an account may consume.
type terms struct {
	scope    string  // of all its limits
	bounds   []bound // of the tier, the team and the key
	unknown  bool    // the policy does not have its tier
	admitted prometheus.Counter
}

// maxAccounts bounds how many accounts are remembered. They are made anew in microseconds.
const maxAccounts = 20_000

// open opens the books of the day that a moment is in.
func (s *stage) open(now time.Time) *books {
	now = now.In(s.zone)
	y, m, d := now.Date()
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, s.zone) }
	b := &books{
		stage:    s,
		day:      window{now.Format(time.DateOnly), date(y, m, d), date(y, m, d+1)},
		month:    window{now.Format("2006-01"), date(y, m, 1), date(y, m+1, 1)},
		models:   make(map[string][]bound),
		features: make(map[string][]bound),
		accounts: make(map[account]*terms),
	}
	for name, m := range s.set.Models {
		if m.Quota.Bounds() {
			b.models[name] = b.bounds(quotaOf(&m.Quota), "", ofModel, name, name)
		}
	}
	for name, q := range s.set.Features {
		b.features[name] = b.bounds(quotaOf(q), "", ofFeature, name, name)
	}
	return b
}

// at returns the books of a moment.
func (s *stage) at(now time.Time) *books {
	b := s.books.Load()
	if !now.Before(b.day.begins) && now.Before(b.day.ends) {
		return b
	}
	b = s.open(now)
	s.books.Store(b)
	return b
}

// of returns what a caller may consume.
func (b *books) of(c *exchange.Caller) *terms {
	a := account{c.Name, c.User, c.Team, c.Tier, c.Quota, c.Hop}
	b.mu.RLock()
	t := b.accounts[a]
	b.mu.RUnlock()
	if t != nil {
		return t
	}
	t = b.terms(&a)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.accounts) >= maxAccounts {
		clear(b.accounts)
	}
	b.accounts[a] = t
	return t
}

// who is whose quota of its tier an account spends. The keys of one user share it; who has no key
// shares it with everybody else without. What a hop says spends that of no key, and of no user
// who has one.
func (a *account) who() string {
	switch {
	case a.hop && a.user != "":
		return "hop user " + a.user
	case a.hop:
		return "hop caller " + a.name
	case a.user != "":
		return "user " + a.user
	case a.name != "":
		return "key " + a.name
	default:
		return "anonymous"
	}
}

// terms finds the bounds of an account.
func (b *books) terms(a *account) *terms {
	who := a.who()
	t := &terms{scope: who}
	if a.team != "" {
		t.scope = "team " + a.team
	}
	if a.tier != "" {
		tier := b.stage.set.Tiers[a.tier]
		if t.unknown = tier == nil; t.unknown {
			return t
		}
		t.bounds = append(t.bounds, b.bounds(quotaOf(&tier.Quota), t.scope, ofTier, a.tier, a.tier+" "+who)...)
	}
	if team := b.stage.set.Teams[a.team]; team != nil {
		t.bounds = append(t.bounds, b.bounds(quotaOf(team), t.scope, ofTeam, a.team, "")...)
	}
	own := quota{a.quota.RPM, a.quota.TPM, a.quota.PerDay, a.quota.PerMonth, a.quota.Shadow}
	t.bounds = append(t.bounds, b.bounds(own, t.scope, ofKey, a.name, a.name)...)
	t.admitted = b.stage.kind.metrics.admitted.WithLabelValues(a.tier)
	return t
}
