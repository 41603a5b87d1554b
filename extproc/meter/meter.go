// Package meter is the stage that turns usage into cost.
//
// The promise: money is integer arithmetic, summed in pico-USD and rounded once;
// a model without a price is flagged, never free. The trap: the price is that of
// the model which the provider says it served, on the day of the exchange.
package meter

import (
	"context"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/price"
)

// CostHeader tells the caller what a JSON answer cost, in USD.
const CostHeader = "x-headgate-cost-usd"

// bytesPerToken is how many bytes of text make a token where nobody counted: the
// rule of thumb for English under the common encodings. It only serves answers
// that broke off or that report no usage, and what it makes is marked as an estimate.
const bytesPerToken = 4

// Stage prices exchanges by one policy. It is safe for concurrent use.
type Stage struct {
	prices *price.Catalogue
	now    func() time.Time
}

// New makes a stage that looks prices up in the policy's catalogue.
func New(set *policy.Set, now func() time.Time) *Stage {
	return &Stage{prices: set.Prices, now: now}
}

// Name returns "meter".
func (s *Stage) Name() string { return "meter" }

// Join takes part in an exchange.
func (s *Stage) Join(ex *exchange.Exchange) exchange.Hooks {
	p := &part{stage: s, ex: ex}
	return exchange.Hooks{Response: p.response, Chunk: p.chunk, End: p.end}
}

// part is the stage's memory of one exchange.
type part struct {
	stage  *Stage
	ex     *exchange.Exchange
	priced bool // Cost is settled
}

func (p *part) response(_ context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	if resp.Stream || resp.Local {
		return exchange.Verdict{}, nil
	}
	p.estimate()
	p.price()
	if p.ex.Cost.Priced {
		resp.Out.SetHeader(CostHeader, price.FormatNano(p.ex.Cost.Nano))
	}
	return exchange.Verdict{}, nil
}

func (p *part) chunk(_ context.Context, c *exchange.Chunk) (exchange.Verdict, error) {
	if c.Last {
		p.estimate()
		p.price()
	}
	return exchange.Verdict{}, nil
}

func (p *part) end(exchange.Outcome) {
	p.estimate()
	p.price()
}

// estimate fills the usage of an answer for which no report came although text
// did: the provider bills for it, whoever hung up. Input that the stream's first
// event reported is kept.
func (p *part) estimate() {
	u, resp := &p.ex.Usage, &p.ex.Response
	if u.Source == exchange.UsageProvider || !answered(p.ex) {
		return
	}
	if u.TotalInput() == 0 {
		u.Input = tokens(written(p.ex.Request.Body))
	}
	u.Output = max(u.Output, tokens(resp.Seen)-u.Reasoning)
	u.Source = exchange.UsageEstimated
}

// answered tells whether a provider answered something that it bills for.
func answered(ex *exchange.Exchange) bool {
	resp, op := &ex.Response, ex.Request.Operation
	if resp.Stream {
		return resp.Seen > 0
	}
	return resp.Complete && !resp.Local && !resp.Failed && resp.Status < 300 && (op == exchange.Chat || op == exchange.Embeddings)
}

func tokens(bytes int64) int64 { return (bytes + bytesPerToken - 1) / bytesPerToken }

// price settles the cost once.
func (p *part) price() {
	ex := p.ex
	if p.priced || ex.Usage.Source == "" {
		return
	}
	p.priced = true
	ex.Usage.Bound()
	rate, ok := p.rate()
	if !ok {
		return
	}
	ex.Cost = exchange.Cost{Nano: charge(&ex.Usage, &rate, ex.Route.Provider), Priced: true, PriceID: rate.ID}
}

// charge is what an exchange costs, in nano-USD: its tokens, at what the provider's
// service tier makes of their price, and its searches.
func charge(u *exchange.Usage, rate *price.Price, provider string) int64 {
	times, per := price.Tier(provider, u.Tier)
	return price.NanoOf(times*Cost(u, rate)+per*price.Pico(u.Searches)*price.Search(provider), per)
}

// rate looks the price up. That of the served model counts; where the provider names
// one that the catalogue does not know, that of the model it was asked for does. A
// price of the operator's own for either comes before both: who prices a deployment
// by its name means what is served there, whatever that calls itself.
func (p *part) rate() (price.Price, bool) {
	r, now := &p.ex.Route, p.stage.now()
	for _, model := range [...]string{p.ex.Response.Model, r.Serves} {
		if rate, ok := p.stage.prices.Override(r.Backend, model, now); ok && model != "" {
			return rate, true
		}
	}
	for _, model := range [...]string{p.ex.Response.Model, r.Serves} {
		if rate, ok := p.stage.prices.Look(r.Provider, r.Backend, model, now); ok && model != "" {
			return rate, true
		}
	}
	return price.Price{}, false
}

// Cost sums the buckets of a usage at a price. The whole request costs the
// long-context price where its input, cached tokens included, is above that
// price's threshold.
func Cost(u *exchange.Usage, p *price.Price) price.Pico {
	p = p.For(u.TotalInput())
	return price.Pico(u.Input)*p.Input +
		price.Pico(u.CacheRead)*p.CacheRead +
		price.Pico(u.CacheWrite5m)*p.CacheWrite5m +
		price.Pico(u.CacheWrite1h)*p.CacheWrite1h +
		price.Pico(u.AudioInput)*p.AudioInput +
		price.Pico(u.Output+u.Reasoning)*p.Output +
		price.Pico(u.AudioOutput)*p.AudioOutput
}
