package journal

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/headgate/headgate/policy/policypb"
)

// Cache is what the cache made of an exchange. policypb.CacheUse says what the fields mean.
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
	SavedMS    float64  `json:"saved_ms,omitempty"`
	Stored     string   `json:"stored,omitempty"`     // the entry as which the answer is kept
	NotStored  string   `json:"not_stored,omitempty"` // why it is not
	Verdict    string   `json:"verdict,omitempty"`
}

// The results that sums distinguish.
const (
	shadowHit = "shadow_hit"
	bypassed  = "bypassed" // no answer was looked for
)

// givenResults are those of exchanges to which an answer from the cache was given.
var givenResults = []string{"hit", "semantic_hit", "coalesced"}

// Given reports whether the answer came from the cache.
func (c *Cache) Given() bool { return c != nil && slices.Contains(givenResults, c.Result) }

// cachedUsage is the source of a usage of which nothing was consumed: the answer came from the
// cache, and has the tokens of when it was first given.
const cachedUsage = "cached"

// consumed is what was consumed of tokens and searches.
func (e *entry) consumed() (t *policypb.Tokens, searches int64) {
	if e.usageSource == cachedUsage {
		return nil, 0
	}
	return e.tokens, e.searches()
}

// cacheUse is what the cache made of a call; nil: nothing.
func (e *entry) cacheUse() *policypb.CacheUse {
	if e.kind != Call {
		return nil
	}
	return e.Cache
}

// looked reports whether an answer was looked for.
func (e *entry) looked() bool {
	result := e.cacheUse().GetResult()
	return result != "" && result != bypassed
}

// wasGiven reports whether the answer came from the cache.
func (e *entry) wasGiven() bool { return slices.Contains(givenResults, e.cacheUse().GetResult()) }

// saved is what the answer cost when it was first given, if it came from the cache.
func (e *entry) saved() int64 {
	if !e.wasGiven() {
		return 0
	}
	return e.Cache.GetSavedNanoUsd()
}

// cache writes what the cache made of a call as JSON; empty: nothing.
func (e *entry) cache() string {
	c := e.cacheUse()
	if c == nil {
		return ""
	}
	b, err := json.Marshal(c)
	if err != nil {
		panic("journal: " + err.Error()) // texts and numbers only: absurd leaves no others
	}
	return string(b)
}

// addCache adds what the cache made of the exchange.
func (e *Exchange) addCache(text string) error {
	if text == "" {
		return nil
	}
	c := &policypb.CacheUse{}
	if err := json.Unmarshal([]byte(text), c); err != nil {
		return fmt.Errorf("cache of %s: %w", e.Exchange, err)
	}
	e.Cache = &Cache{Result: c.Result, Reason: c.Reason, Entry: c.Entry, Source: c.Source, Similarity: c.Similarity, Embedder: c.Embedder, Rules: c.Rules,
		AgeS: millis(c.AgeNanos) / 1000, SavedNano: c.SavedNanoUsd, SavedMS: millis(c.SavedNanos), Stored: c.Stored, NotStored: c.NotStored, Verdict: c.Verdict}
	return nil
}

// entries are those of the cache that an exchange has to do with, each once.
func (e *entry) entries() (ids []string) {
	for _, id := range []string{storable(e.cacheUse().GetEntry()), storable(e.cacheUse().GetStored())} {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// ofEntries leaves what has to do with one of the entries of the cache.
func ofEntries(s *statement, ids []string) {
	s.add("(")
	oneOf(s, "entry", ids)
	s.add(" OR ")
	oneOf(s, "stored", ids)
	s.add(")")
}
