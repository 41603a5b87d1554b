package meter

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/price"
)

// costFree is what an answer without a usage costs of a model that costs nothing. What one of
// another model costs is not known.
func (s *stage) costFree(provider, backend string, models ...string) exchange.Cost {
	if rate, ok := s.rate(provider, backend, models); ok && rate.Input == 0 && rate.Output == 0 {
		return exchange.Cost{Priced: true, PriceID: rate.ID}
	}
	return exchange.Cost{}
}

// cost is what a usage costs: by the prices that are known, and otherwise as the provider says.
func (s *stage) cost(u *canon.Usage, provider, backend string, models ...string) exchange.Cost {
	u.Bound()
	c := s.listed(u, provider, backend, models)
	if !c.Priced && u.Charge.Said {
		return exchange.Cost{Nano: u.Charge.Nano, Priced: true, PriceID: price.ByProvider}
	}
	return c
}

// listed is what a usage costs by the prices that are known: each part of it that is billed as
// another model at the price of that, and rounded by itself.
func (s *stage) listed(u *canon.Usage, provider, backend string, models []string) exchange.Cost {
	rate, ok := s.rate(provider, backend, models)
	if !ok {
		return exchange.Cost{}
	}
	if u.Iterations == nil || len(u.Iterations.Others) == 0 {
		return s.charge(u, &rate, provider, backend)
	}
	rest, nano, assumed := *u, int64(0), false
	for i := range u.Iterations.Others {
		other := u.Iterations.Others[i]
		other.Usage.Bound()
		priced := s.listed(&other.Usage, provider, backend, []string{other.Model})
		if !priced.Priced {
			return exchange.Cost{}
		}
		nano, assumed = nano+priced.Nano, assumed || priced.Assumed
		rest.Minus(&other.Usage)
	}
	c := s.charge(&rest, &rate, provider, backend)
	c.Nano, c.Assumed = c.Nano+nano, c.Assumed || assumed
	return c
}

// rate is the price of a model of any of these names. One of the operator's own comes first: an
// operator who prices a deployment means what is served there, under whatever name. Otherwise that
// of the first name counts that the catalogue knows.
func (s *stage) rate(provider, backend string, models []string) (price.Price, bool) {
	now := s.now()
	for _, model := range models {
		if rate, ok := s.prices.Override(backend, model, now); ok && model != "" {
			return rate, true
		}
	}
	for _, model := range models {
		if rate, ok := s.prices.Look(provider, backend, model, now); ok && model != "" {
			return rate, true
		}
	}
	return price.Price{}, false
}

// charge is what tokens cost as the provider served them, and its searches.
func (s *stage) charge(u *canon.Usage, rate *price.Price, provider, backend string) exchange.Cost {
	at, id := s.served(u, rate, provider, backend)
	tokens := min(Cost(u, at.price), maxTokens/at.factor.Times)
	searches := price.Pico(u.Searches) * price.Search(provider)
	return exchange.Cost{
		Nano:   price.NanoOf(at.factor.Times*tokens+at.factor.Per*searches, at.factor.Per),
		Priced: true, PriceID: id, Assumed: at.assumed,
	}
}

// maxTokens bounds what the tokens of one exchange are taken to cost: 4.6 million USD, as no true
// report does. With the searches beside it, it fits a Pico.
const maxTokens = price.Pico(1) << 62

// Cost sums the buckets of a usage at a price. All of the request costs the
// long-context price if the input of its largest iteration, cached tokens included, is
// above that price's threshold.
func Cost(u *canon.Usage, p *price.Price) price.Pico {
	p = p.For(u.LongestInput())
	return price.Pico(u.Input)*p.Input +
		price.Pico(u.CacheRead)*p.CacheRead +
		price.Pico(u.CacheWrite5m)*p.CacheWrite5m +
		price.Pico(u.CacheWrite1h)*p.CacheWrite1h +
		price.Pico(u.AudioInput)*p.AudioInput +
		price.Pico(u.Output+u.Reasoning)*p.Output +
		price.Pico(u.AudioOutput)*p.AudioOutput
}
