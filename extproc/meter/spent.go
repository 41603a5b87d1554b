package meter

import (
	"context"
	"net/http"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// Attempt implements exchange.Visit. It estimates what the attempt consumes at least: what of
// the answer will come is not known. What earlier ones consumed is known by now.
func (v *visit) Attempt(_ context.Context, at *exchange.Attempt) error {
	v.ex.Attempts.Account(v.spent)
	if v.ex.Request.Operation.Free() {
		return nil
	}
	u := &at.Estimate.Usage
	v.complete(u, 0)
	if b := v.stage.backends[at.Backend]; b != nil {
		at.Estimate.Cost = v.stage.cost(u, b.Provider.Name, at.Backend, at.Model)
	}
	return nil
}

// spent is what an attempt consumed whose answer was not the client's. One that got none in its time
// was at work, as far as anybody knows; one that ended sooner was not.
func (v *visit) spent(t *exchange.Tried) *exchange.Spent {
	if t.Status == 0 && !v.timedOut(t) {
		return nil
	}
	return v.consumed(t)
}

// timedOut reports whether an attempt took as long as it may.
func (v *visit) timedOut(t *exchange.Tried) bool {
	m, end := v.stage.models[v.ex.Model], t.Decided
	if m == nil || t.Started.IsZero() {
		return false
	}
	if end.IsZero() {
		end = v.stage.now()
	}
	return end.Sub(t.Started) >= m.Timeout-min(100*time.Millisecond, m.Timeout/10)
}

// consumed completes what an attempt consumed whose answer was not the client's: what it
// reported, and what of that is missing by what came. One that had begun and was merely
// silent had read the request at least. An error, and what is no answer at all, costs
// nothing unless it says so.
func (v *visit) consumed(t *exchange.Tried) *exchange.Spent {
	var s exchange.Spent
	if t.Spent != nil {
		s = *t.Spent
	}
	u := &s.Usage
	begun := t.Fault == "" || t.Fault == exchange.FaultSilent
	if u.Seen == 0 && (s.TextBytes == 0 && !begun || v.ex.Request.Operation.Free()) {
		return nil
	}
	if !v.counted(u) {
		v.complete(u, s.TextBytes)
	}
	s.Cost = v.stage.cost(u, t.Provider, t.Backend, t.Model)
	return &s
}

// unread returns the attempt that may have been answered although the exchange ended before
// any of that was read; nil: there is none.
func (v *visit) unread() *exchange.Tried {
	ex := v.ex
	op, r := ex.Request.Operation, &ex.Route
	switch {
	case op.Free(), ex.Usage.Source != "", ex.Refused.Action != exchange.Pass, r.Name == "":
		return nil
	case !r.Single:
		return ex.Attempts.Unread()
	case !ex.Response.Unavailable && !lateIn(&ex.Response) && (ex.Response.Complete || ex.Response.Status >= 300):
		return nil
	}
	return &exchange.Tried{Provider: r.Provider, Backend: r.Backend, Model: r.Serves}
}

// lateIn reports whether Envoy has answered because no answer came in time.
func lateIn(resp *exchange.Response) bool {
	return resp.Origin == exchange.FromEnvoy && resp.Status == http.StatusGatewayTimeout
}
