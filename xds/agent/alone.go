package agent

import (
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/xds/ads"
)

// aloneAt returns when the good revision has to go because no control plane sees to what
// it lays over the policy, or false if it stays.
func (a *Agent) aloneAt() (time.Time, bool) {
	if a.good == nil || a.up != nil || a.good.policy.GetAlone() == nil {
		return time.Time{}, false
	}
	return a.aloneSince.Add(a.good.policy.GetAlone().GetAfter().AsDuration()), true
}

// revisionAlone returns what a pair serves that has been without a control plane for some
// time; nil: it serves that, or it is not time.
func (a *Agent) revisionAlone() *bundle {
	at, ok := a.aloneAt()
	if !ok || a.now.Before(at) {
		return nil
	}
	b, err := newBundle(ads.SetOf(a.good.policy.GetAlone().GetRevision()), a.options.place())
	switch {
	case err != nil:
		a.log.Error("what was laid over the policy cannot be taken back without a control plane", zap.Error(err))
	case b == nil || a.rejected != nil && b.version == a.rejected.bundle.version:
		b = nil // it is not whole, or was tried
	default:
		a.log.Info("no control plane sees to what is laid over the policy; taking it back", zap.String("revision", b.policy.GetRevision()))
		return b
	}
	a.good.policy.Alone = nil // there is nothing to wait for
	return nil
}
