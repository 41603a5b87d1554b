package cache

import (
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/cachepb"
)

// hit is an entry that is an answer to a request.
type hit struct {
	entry    *cachepb.Entry
	answer   *canon.Response
	decode   func([]byte) (*canon.Response, error)
	waited   bool // an equal request was under way
	semantic bool // its question is another one
	cosine   float64
}

// newHit reads an entry for a request. It returns nil, and why, if the entry is none of its answers.
func newHit(e *cachepb.Entry, asked *canon.Request, c control, now time.Time) (*hit, exchange.CacheReason) {
	if c.maxAge >= 0 && now.Sub(time.Unix(0, e.GetStored())) > c.maxAge {
		return nil, exchange.CacheTooOld
	}
	if t := e.GetTokens(); asked.MaxTokens > 0 && t.GetOutput()+t.GetReasoning()+t.GetAudioOutput() > asked.MaxTokens {
		return nil, exchange.CacheTooLong
	}
	d := dialect.ByName(e.GetDialect())
	if d == nil {
		return nil, exchange.CacheUnreadable
	}
	answer, err := d.DecodeAnswer(e.GetBody())
	if err != nil {
		return nil, exchange.CacheUnreadable
	}
	return &hit{entry: e, answer: answer, decode: d.DecodeAnswer}, ""
}

// result is what giving the hit is.
func (h *hit) result() exchange.CacheResult {
	switch {
	case h.waited:
		return exchange.CacheCoalesced
	case h.semantic:
		return exchange.CacheSemanticHit
	default:
		return exchange.CacheHit
	}
}

// note notes of which entry the hit is.
func (h *hit) note(c *exchange.Cached, now time.Time) {
	e := h.entry
	c.Reason, c.Rules = "", nil
	c.Entry, c.Source, c.Age = e.GetId(), e.GetSource(), max(now.Sub(time.Unix(0, e.GetStored())), 0)
	if h.semantic {
		c.Compared, c.Similarity = true, h.cosine
	}
}

// usageOf is what the answer of an entry consumed when it was first given.
func usageOf(e *cachepb.Entry) canon.Usage {
	t := e.GetTokens()
	if t == nil {
		return canon.Usage{}
	}
	return canon.Usage{
		Input: t.Input, CacheRead: t.CacheRead, CacheWrite5m: t.CacheWrite_5M, CacheWrite1h: t.CacheWrite_1H, AudioInput: t.AudioInput,
		Output: t.Output, Reasoning: t.Reasoning, AudioOutput: t.AudioOutput,
		Seen: canon.BucketInput | canon.BucketOutput,
	}
}
