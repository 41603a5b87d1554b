package cache

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	"github.com/headgate/headgate/extproc/cache/index"
	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/cache/verify"
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/cachepb"
)

// candidates is how many of the nearest questions are looked at.
const candidates = 4

// look looks for an answer to the request; nil: there is none, and the exchange says why.
func (v *visit) look(ctx context.Context, req *exchange.Request, asked *canon.Request) *hit {
	c := &v.ex.Cached
	if v.control.noCache {
		v.embed(ctx, req)
		c.Result, c.Reason = exchange.CacheBypassed, exchange.CacheNoCache
		return nil
	}
	c.Result = exchange.CacheMiss
	e, err := v.stage.handle.Get(ctx, store.Key(v.digest.All))
	if e != nil {
		v.reuse(e)
		return v.fitting(e, asked, false)
	}
	compares := v.embed(ctx, req)
	switch {
	case errors.Is(err, store.ErrUnreadable):
		c.Reason = exchange.CacheUnreadable
	case err != nil:
		c.Reason = exchange.CacheLost
	case compares:
		return v.nearest(ctx, asked)
	case c.Reason == "":
		c.Reason = exchange.CacheUnknown
	}
	return nil
}

// reuse takes the vector of an entry of the same question.
func (v *visit) reuse(e *cachepb.Entry) {
	if v.model.rules.HasSemantic() && e.GetEmbedder() == v.stage.embedder.ID() {
		v.vector = e.GetVector()
	}
}

// nearest looks at the questions that are nearest to the request's.
func (v *visit) nearest(ctx context.Context, asked *canon.Request) *hit {
	c, s, rules := &v.ex.Cached, v.stage, v.model.rules.Semantic
	c.Reason = exchange.CacheUnknown
	var room [candidates]index.Found
	found := s.kind.index.Nearest(store.Space(v.digest.Rest), s.embedder.ID(), v.vector, candidates, room[:0])
	for i := range found {
		f := &found[i]
		if i == 0 {
			c.Compared, c.Similarity, c.Entry = true, f.Cosine, f.ID
		}
		if f.Cosine < float64(rules.Threshold) {
			if i == 0 {
				c.Reason = exchange.CacheDissimilar
			}
			return nil
		}
		if h := v.same(ctx, f, asked, i == 0); h != nil {
			return h
		}
	}
	return nil
}

// same returns an entry that was found near if its question is the same and its answer fits; nil:
// it is not. The exchange says why of the nearest.
func (v *visit) same(ctx context.Context, f *index.Found, asked *canon.Request, first bool) *hit {
	e, err := v.stage.handle.Get(ctx, f.Key)
	switch {
	case err != nil:
		return nil
	case e == nil || !bytes.Equal(e.GetSpace(), v.digest.Rest[:]): // the key's entry is another one by now
		v.stage.kind.index.Remove(f.Key, f.ID)
		return nil
	}
	strict := v.model.rules.Semantic.Rules == policy.VerifyStrict
	if rules := verify.Compare(v.digest.Question, e.GetQuestion(), strict); len(rules) > 0 {
		if first {
			v.ex.Cached.Reason, v.ex.Cached.Source = exchange.CacheRules, e.GetSource()
			for _, r := range rules {
				v.ex.Cached.Rules = append(v.ex.Cached.Rules, string(r))
			}
		}
		return nil
	}
	h, reason := newHit(e, asked, v.control, v.now())
	if h == nil {
		v.ex.Cached.Reason = reason
		return nil
	}
	h.semantic, h.cosine = true, f.Cosine
	v.stage.kind.index.Used(f.Key)
	return h
}

// maxQuestion is how long a question may be to be compared, in bytes. In a longer text nearly every
// word of another one stands somewhere, so that neither a vector, which is about its words alone, nor
// rules see what it asks for; and rules would take seconds for one of a few megabytes.
const maxQuestion = 1 << 10

// embed makes the vector of the question, if questions are compared. It reports whether there is
// one.
func (v *visit) embed(ctx context.Context, req *exchange.Request) bool {
	s := v.stage
	if !v.model.rules.HasSemantic() || v.digest.Question == "" {
		return false
	}
	if len(v.digest.Question) > maxQuestion {
		v.ex.Cached.Reason = exchange.CacheLongQuestion
		return false
	}
	v.ex.Cached.Embedder = s.embedder.ID()
	vector, err := s.vectorOf(ctx, req, v.ex.ID, v.digest.Question)
	if err != nil {
		v.ex.Cached.Reason = exchange.CacheNoVector
		return false
	}
	v.vector = vector
	return true
}

// number reads a JSON number.
func number(v scan.Value) (float64, bool) {
	if v.Kind() != scan.Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	return f, err == nil
}
