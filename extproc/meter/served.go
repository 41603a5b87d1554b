package meter

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/price"
)

// served is a price as it holds of what was served in a tier, at a speed and in a place.
type served struct {
	price   *price.Price
	factor  price.Factor // of the tokens' price, of ways of which the catalogue has no row
	assumed bool         // nobody publishes what one of those ways costs
}

// served returns the price of what was served, and its id with those ways. A tier or a speed changes it by the row of the
// model, otherwise by a rule of the provider's; otherwise it is assumed what the price is. A place
// changes it by the row alone: for models without one it costs no more.
func (s *stage) served(u *canon.Usage, rate *price.Price, provider, backend string) (at served, id string) {
	at = served{price: rate, factor: price.One}
	var unlisted string
	for _, way := range [...]string{u.ServiceTier, u.Speed} {
		if p := at.price.As(way); p != at.price {
			at.price = p
			continue
		}
		f, rule := price.Unlisted(provider, way)
		at.factor.Times, at.factor.Per, at.assumed = at.factor.Times*f.Times, at.factor.Per*f.Per, at.assumed || !rule
		if f != price.One || !rule {
			unlisted += mark(way, rule)
		}
	}
	at.price = at.price.As(u.Geo)
	if s.keepsToRegion(backend) {
		at.price = at.price.As(price.Regional)
	}
	return at, at.price.ID + unlisted
}

// mark is what the id of a price says of a way of which the catalogue has no row: with a question
// mark if what it costs is assumed. The provider's word is bounded.
func mark(way string, rule bool) string {
	way = "+" + exchange.Clip(way, maxWay)
	if !rule {
		way += "?"
	}
	return way
}

const maxWay = 32 // bytes

// keepsToRegion reports whether a backend's endpoint keeps to a region.
func (s *stage) keepsToRegion(backend string) bool {
	b := s.backends[backend]
	return b != nil && b.URL != nil && price.KeepsToRegion(b.Provider.Name, b.URL.Hostname())
}
