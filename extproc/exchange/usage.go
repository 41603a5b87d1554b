package exchange

// Usage is what an exchange consumed, in tokens, in disjoint buckets: no token is
// counted in two of them. Reported counts are snapshots and overwrite.
type Usage struct {
	Input        int64 // uncached input
	CacheRead    int64
	CacheWrite5m int64
	CacheWrite1h int64
	AudioInput   int64
	Output       int64 // text
	Reasoning    int64
	AudioOutput  int64
	Searches     int64  // of the web, which are charged beside the tokens
	Tier         string // of service, that the provider says it gave; empty: it does not say
	Source       UsageSource
}

// TotalInput returns all input tokens, cached ones included.
func (u *Usage) TotalInput() int64 {
	return u.Input + u.CacheRead + u.CacheWrite5m + u.CacheWrite1h + u.AudioInput
}

// TotalOutput returns all output tokens, reasoning included.
func (u *Usage) TotalOutput() int64 { return u.Output + u.Reasoning + u.AudioOutput }

// UsageSource says who counted.
type UsageSource string

// The sources of a usage. Empty: nothing was consumed.
const (
	UsageProvider  UsageSource = "provider"  // as the provider reported it
	UsageEstimated UsageSource = "estimated" // from what was seen, because no report came
)

// MostTokens bounds each bucket of a usage. No model takes a tenth of it, and twice
// what all buckets cost at the highest price still fits an int64 of pico-USD.
const MostTokens = 50_000_000

// MostSearches bounds the searches of one exchange.
const MostSearches = 10_000

// Bound cuts a report that cannot be true to what can be summed and priced.
func (u *Usage) Bound() {
	for _, n := range []*int64{&u.Input, &u.CacheRead, &u.CacheWrite5m, &u.CacheWrite1h, &u.AudioInput, &u.Output, &u.Reasoning, &u.AudioOutput} {
		*n = min(max(*n, 0), MostTokens)
	}
	u.Searches = min(max(u.Searches, 0), MostSearches)
}
