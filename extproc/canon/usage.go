package canon

import (
	"cmp"

	"github.com/headgate/headgate/extproc/scan"
)

// Usage is what an exchange consumed, in tokens, in disjoint buckets: no token is
// counted in two of them. Reported counts are snapshots and overwrite. Seen says
// which were reported: one that was not is 0 and says nothing.
type Usage struct {
	Input        int64 // uncached
	CacheRead    int64
	CacheWrite5m int64
	CacheWrite1h int64
	AudioInput   int64
	Output       int64 // text
	Reasoning    int64
	AudioOutput  int64
	Searches     int64       // of the web, which are charged one by one
	ServiceTier  string      // that was given; empty: unknown
	Speed        string      // at which the model was run, such as fast; empty: the usual one
	Geo          string      // where it was run, such as us; empty: unknown
	Iterations   *Iterations // of the model in this one answer; nil: there was one
	Charge       Charge      // for all of it, as the provider says
	Seen         Bucket
	Source       UsageSource
}

// Iterations are the runs of which an answer was made, such as those of a loop of tools
// that the provider runs. The buckets are the sum of all.
type Iterations struct {
	Largest int64    // tokens of input of the largest: prices of long contexts go by it
	Others  []Billed // those that are billed as another model
}

// Billed is a usage of a model.
type Billed struct {
	Model string
	Usage Usage
}

// Bucket is a set of buckets of a Usage.
type Bucket uint16

// The buckets.
const (
	BucketInput Bucket = 1 << iota
	BucketCacheRead
	BucketCacheWrite5m
	BucketCacheWrite1h
	BucketAudioInput
	BucketOutput
	BucketReasoning
	BucketAudioOutput
	BucketSearches
)

// Overwrite takes over each bucket that a later snapshot reports. Snapshots
// replace; they never add up.
func (u *Usage) Overwrite(s *Usage) {
	for i, b := range s.buckets() {
		if bit := Bucket(1) << i; s.Seen&bit != 0 {
			*u.buckets()[i] = *b
			u.Seen |= bit
		}
	}
	if s.ServiceTier != "" {
		u.ServiceTier = s.ServiceTier
	}
	u.Speed, u.Geo = cmp.Or(s.Speed, u.Speed), cmp.Or(s.Geo, u.Geo)
	if s.Iterations != nil {
		u.Iterations = s.Iterations
	}
	if s.Charge != (Charge{}) {
		u.Charge = s.Charge
	}
}

func (u *Usage) buckets() [9]*int64 {
	return [9]*int64{&u.Input, &u.CacheRead, &u.CacheWrite5m, &u.CacheWrite1h, &u.AudioInput, &u.Output, &u.Reasoning, &u.AudioOutput, &u.Searches}
}

// Plus adds the buckets of another usage.
func (u *Usage) Plus(by *Usage) { u.each(by, func(n *int64, by int64) { *n += by }) }

// Minus takes the buckets of another usage, which is part of this one, away.
func (u *Usage) Minus(by *Usage) { u.each(by, func(n *int64, by int64) { *n = max(*n-by, 0) }) }

func (u *Usage) each(by *Usage, do func(n *int64, by int64)) {
	u.Seen |= by.Seen
	all := by.buckets()
	for i, n := range u.buckets() {
		do(n, *all[i])
	}
}

// LongestInput returns the tokens of input of the largest iteration, by which providers
// decide whether a context is long.
func (u *Usage) LongestInput() int64 {
	if u.Iterations != nil {
		return u.Iterations.Largest
	}
	return u.TotalInput()
}

// TotalInput returns all tokens of input, cached ones included.
func (u *Usage) TotalInput() int64 {
	return u.Input + u.CacheRead + u.CacheWrite5m + u.CacheWrite1h + u.AudioInput
}

// TotalOutput returns all tokens of output, reasoning included.
func (u *Usage) TotalOutput() int64 { return u.Output + u.Reasoning + u.AudioOutput }

// Replace takes over a usage as a whole, counted by source, if anything was
// reported in it.
func (u *Usage) Replace(by *Usage, source UsageSource) {
	if by.Seen == 0 {
		return
	}
	*u = *by
	u.Source = source
}

// UsageSource says who counted.
type UsageSource string

// The sources of a usage. Empty: nothing was consumed.
const (
	UsageProvider  UsageSource = "provider"  // as the provider reported it
	UsageEstimated UsageSource = "estimated" // from what was seen, because no report came
	UsageCached    UsageSource = "cached"    // of the answer that was given again: nothing was consumed this time
)

// MaxBucket bounds each bucket of a usage. No model takes a tenth of it, and twice
// what all buckets cost at the highest price still fits an int64 of pico-USD.
const MaxBucket = 50_000_000

// MaxSearches bounds the searches of one exchange.
const MaxSearches = 10_000

// Count reads a number of tokens. What is none, or cannot be true, is no report: it is
// estimated instead.
func Count(v scan.Value) (n int64, ok bool) {
	n, ok = v.Int()
	if !ok || n < 0 || n > MaxBucket {
		return 0, false
	}
	return n, true
}

// Whole reports whether a usage says what went in and what came out.
func (u *Usage) Whole() bool { return u.Seen&BucketInput != 0 && u.Seen&BucketOutput != 0 }

// Bound cuts a report that cannot be true to what can be summed and priced.
func (u *Usage) Bound() {
	all := u.buckets()
	for _, n := range all[:len(all)-1] {
		*n = min(max(*n, 0), MaxBucket)
	}
	u.Searches = min(max(u.Searches, 0), MaxSearches)
}
