package advice

import "github.com/headgate/headgate/policy"

// lowBreaker warns of bounds below the expected concurrency.
func lowBreaker(m *policy.Model, e Expectation) []Advice {
	type bound struct {
		key    string
		is     uint32
		effect string
	}
	bounds := []bound{
		{"requests", m.Breaker.Requests, "the rest is refused"},
		{"pending", m.Breaker.Pending, "while connections are being made, the rest is refused"},
	}
	if m.PlainHTTP() {
		bounds = append(bounds, bound{"connections", m.Breaker.Connections, "this pool speaks HTTP/1.1 because a backend has plain http, so that each request takes a connection and the rest waits"})
	}
	var all []Advice
	for _, b := range bounds {
		if int64(b.is) < int64(e.Concurrency) {
			all = append(all, give(BreakerLow, m.Path()+".breaker."+b.key, "raise it, or expect refusals",
				"is %d, below the %d requests expected at a time: %s", b.is, e.Concurrency, b.effect))
		}
	}
	return all
}
