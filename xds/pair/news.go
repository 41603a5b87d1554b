package pair

import (
	"maps"
	"slices"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
)

// jitter is how far two observations of one moment may differ: each travels for a while.
const jitter = 500 * time.Millisecond

// repeated is after how long shares are said again: a pair does not go by them for long
// without.
const repeated = 20 * time.Second

// news returns what a pair is to know; nil: it knows that already.
func (f *fleet) news(m *member, shares map[Use]int) *pairpb.LinkResponse {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := known{pairs: f.pairs(), elsewhere: f.merged(m), shares: shares, at: f.now()}
	if k.equal(&m.last) && (len(shares) == 0 || k.at.Sub(m.last.at) < repeated) {
		return nil
	}
	m.last = k
	fleet := &pairpb.Fleet{Pairs: uint32(k.pairs)}
	for i := range k.elsewhere {
		fleet.Elsewhere = append(fleet.Elsewhere, k.elsewhere[i].written(k.at))
	}
	for use, permille := range shares {
		fleet.Shares = append(fleet.Shares, &pairpb.Share{Model: use.Model, Use: use.Use, Permille: uint32(permille)})
	}
	return &pairpb.LinkResponse{Message: &pairpb.LinkResponse_Fleet{Fleet: fleet}}
}

func (k *known) equal(other *known) bool {
	return k.pairs == other.pairs && maps.Equal(k.shares, other.shares) && slices.EqualFunc(k.elsewhere, other.elsewhere, func(a, b Outage) bool {
		return a.same(&b) && a.Until.Sub(b.Until).Abs() < jitter
	})
}

func (o *Outage) written(now time.Time) *pairpb.Outage {
	out := &pairpb.Outage{
		Backend: o.Backend, Model: o.Model, Account: o.Account, Pool: o.Pool, Address: o.Address, Reason: o.Reason,
		Named: o.Named, AgeNanos: max(now.Sub(o.Since), 0).Nanoseconds(),
	}
	if !o.Until.IsZero() {
		out.LeftNanos = max(o.Until.Sub(now), time.Nanosecond).Nanoseconds()
	}
	return out
}
