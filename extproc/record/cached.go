package record

import (
	"math"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/policy/price"
)

// cachedOf copies what the cache made of an exchange.
func cachedOf(ex *exchange.Exchange) *policypb.CacheUse {
	c := &ex.Cached
	if c.Result == "" {
		return nil
	}
	out := &policypb.CacheUse{
		Result: string(c.Result), Reason: string(c.Reason), Entry: c.Entry, Source: c.Source, Embedder: exchange.Clip(c.Embedder, exchange.MaxText),
		Rules: c.Rules, AgeNanos: int64(max(c.Age, 0)),
		Stored: c.Stored, NotStored: string(c.NotStored), Verdict: string(c.Verdict),
	}
	if c.Compared && !math.IsNaN(c.Similarity) {
		out.Similarity = new(min(max(c.Similarity, -1), 1)) // of which rounding may make more
	}
	if c.Result.Given() && ex.Refused.Action == exchange.Answer { // else its client had left before
		out.SavedNanos = int64(max(c.Sooner, 0))
		if c.Saved.Priced {
			out.SavedNanoUsd = new(c.Saved.Nano)
		}
	}
	return out
}

// given reports whether an answer is one from the cache: it has the tokens of when it was first
// given, and nothing was consumed.
func given(r interface{ GetUsageSource() string }) bool {
	return r.GetUsageSource() == string(canon.UsageCached)
}

// Cache is what the cache made of an exchange in a Line.
type Cache struct {
	Result     string   `json:"result"`
	Reason     string   `json:"reason,omitempty"` // why it was no hit
	Entry      string   `json:"entry,omitempty"`
	Source     string   `json:"source,omitempty"` // the exchange that the entry's answer was given to first
	Similarity *float64 `json:"similarity,omitempty"`
	Embedder   string   `json:"embedder,omitempty"`
	Rules      []string `json:"rules,omitempty"` // by which the question differs from the entry's
	AgeS       float64  `json:"age_s,omitempty"`
	SavedNano  *int64   `json:"saved_nano_usd,omitempty"`
	SavedUSD   string   `json:"saved_usd,omitempty"` // the same as a decimal number
	SavedMS    float64  `json:"saved_ms,omitempty"`
	Stored     string   `json:"stored,omitempty"`     // the entry as which the answer is kept
	NotStored  string   `json:"not_stored,omitempty"` // why it is not
	Verdict    string   `json:"verdict,omitempty"`
}

// cacheIn is the use of the cache of a row as a line has it.
func cacheIn(c *policypb.CacheUse) *Cache {
	if c == nil {
		return nil
	}
	out := &Cache{
		Result: c.Result, Reason: c.Reason, Entry: c.Entry, Source: c.Source, Similarity: c.Similarity, Embedder: c.Embedder, Rules: c.Rules,
		AgeS: millis(c.AgeNanos) / 1000, SavedNano: c.SavedNanoUsd, SavedMS: millis(c.SavedNanos), Stored: c.Stored, NotStored: c.NotStored, Verdict: c.Verdict,
	}
	if c.SavedNanoUsd != nil {
		out.SavedUSD = price.FormatNano(*c.SavedNanoUsd)
	}
	return out
}
