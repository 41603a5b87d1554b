package provider

import (
	"net/http"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy"
)

// EstimatedHeader says true if no backend has counted the tokens that a client asked for.
const EstimatedHeader = "x-headgate-estimated"

// countsIn returns the dialect in which a backend of a model is asked to count for a client: the one
// in which it is asked for an answer, unless it counts in another one only.
func countsIn(m *policy.Model, b *policy.Backend, client string) string {
	asked := m.Asked(b, client)
	for _, name := range append([]string{asked}, b.Dialects()...) {
		if d := dialect.ByName(name); d != nil && d.Path(exchange.CountTokens, "", false) != "" {
			return name
		}
	}
	return asked
}

// countable returns a translated request as servers take it in order to count it.
func (t *target) countable(body []byte) []byte {
	c, ok := t.dialect.(dialect.Counter)
	if !ok {
		return body
	}
	return scan.Splice(make([]byte, 0, len(body)), body, scan.Reshape(nil, body, func(m *scan.Members) (scan.Fate, []byte) {
		for _, name := range c.CountMembers() {
			if string(m.Key()) == name {
				return scan.Kept, nil
			}
		}
		return scan.Dropped, nil
	}))
}

// counts reports whether the client asks how many tokens its request has.
func (p *plan) counts() bool { return p.ex.Request.Operation == exchange.CountTokens }

// estimate counts the tokens of the request itself, as the first link's model would. An error is the
// client's fault.
func (p *plan) estimate(pool *pool) (exchange.Verdict, error) {
	req := &p.ex.Request
	r := req.Decoded()
	if r == nil {
		var err error
		if r, err = dialect.ByName(p.ex.Dialect).Decode(req.Body); err != nil {
			return exchange.Verdict{}, err
		}
	}
	p.ex.Counted = canon.UsageEstimated
	v := exchange.Verdict{Action: exchange.Answer, Count: p.stage.tokens.Request(r, pool.targets[0].model)}
	v.Headers = exchange.Headers{{Name: EstimatedHeader, Value: []byte("true")}}
	return v, nil
}

// counted reads the count of a backend.
func (a *answer) counted(resp *exchange.Response) exchange.Verdict {
	c, ok := a.target.dialect.(dialect.Counter)
	if !ok {
		return exchange.Verdict{}
	}
	n, err := c.ReadCount(resp.Body)
	if err != nil {
		return a.noAnswer(resp, err)
	}
	a.ex.Counted = canon.UsageProvider
	if client, ok := dialect.ByName(a.ex.Dialect).(dialect.Counter); ok && resp.Translates {
		resp.Out.ReplaceBody(client.AppendCount(nil, n))
	}
	return exchange.Verdict{}
}

// orEstimate estimates in place of a count that was asked for in vain, unless the client is at fault.
func (a *answer) orEstimate(resp *exchange.Response, v exchange.Verdict) exchange.Verdict {
	switch {
	case resp.Origin == exchange.FromStage, resp.Origin == exchange.FromGateway, a.ex.Counted != "", a.clientsFault(resp):
		return v
	}
	estimated, err := a.estimate(a.pool)
	if err != nil {
		return v
	}
	resp.Out.Remove = append(resp.Out.Remove, "retry-after")
	return estimated
}

// clientsFault reports whether a provider has refused what the client asks, or its own credential.
func (a *answer) clientsFault(resp *exchange.Response) bool {
	if resp.Origin != exchange.FromProvider {
		return false
	}
	switch resp.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return a.target != nil && a.target.theirs && (refusedKey(resp.Status) || resp.Status == http.StatusTooManyRequests)
}
