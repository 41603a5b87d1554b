package canon

import "github.com/headgate/headgate/extproc/exchange"

// Usage is what an answer cost, in tokens, in disjoint buckets. Seen tells which
// were reported: one that was not is 0 and says nothing.
type Usage struct {
	Input        int64 // uncached
	CacheRead    int64
	CacheWrite5m int64
	CacheWrite1h int64
	AudioInput   int64
	Output       int64 // text
	Reasoning    int64
	AudioOutput  int64
	Searches     int64  // of the web, which are charged one by one
	Tier         string // of service, that was given; empty: nobody says
	Seen         Bucket
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
	if s.Tier != "" {
		u.Tier = s.Tier
	}
}

func (u *Usage) buckets() [9]*int64 {
	return [9]*int64{&u.Input, &u.CacheRead, &u.CacheWrite5m, &u.CacheWrite1h, &u.AudioInput, &u.Output, &u.Reasoning, &u.AudioOutput, &u.Searches}
}

// TotalInput returns all tokens of input, cached ones included.
func (u *Usage) TotalInput() int64 {
	return u.Input + u.CacheRead + u.CacheWrite5m + u.CacheWrite1h + u.AudioInput
}

// TotalOutput returns all tokens of output, reasoning included.
func (u *Usage) TotalOutput() int64 { return u.Output + u.Reasoning + u.AudioOutput }

// Into writes a usage in which anything was reported over an exchange's.
func (u *Usage) Into(to *exchange.Usage, source exchange.UsageSource) {
	if u.Seen == 0 {
		return
	}
	*to = exchange.Usage{
		Input: u.Input, CacheRead: u.CacheRead, CacheWrite5m: u.CacheWrite5m, CacheWrite1h: u.CacheWrite1h,
		AudioInput: u.AudioInput, Output: u.Output, Reasoning: u.Reasoning, AudioOutput: u.AudioOutput,
		Searches: u.Searches, Tier: u.Tier, Source: source,
	}
}
