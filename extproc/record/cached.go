package record

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/policypb"
)

// cachedOf copies what the cache made of an exchange.
func cachedOf(ex *exchange.Exchange) *policypb.CacheUse {
	c := &ex.Cached
	if c.Result == "" {
		return nil
	}
	out := &policypb.CacheUse{
		Result: string(c.Result), Reason: string(c.Reason), Entry: c.Entry, Source: c.Source, Embedder: exchange.Clip(c.Embedder, exchange.MaxText),
		Rules: c.Rules, AgeNanos: int64(max(c.Age, 0)), SavedNanos: int64(max(c.Sooner, 0)),
		Stored: c.Stored, NotStored: string(c.NotStored), Verdict: string(c.Verdict),
	}
	if c.Compared {
		out.Similarity = &c.Similarity
	}
	if c.Result.Given() && c.Saved.Priced {
		out.SavedNanoUsd = &c.Saved.Nano
	}
	return out
}
