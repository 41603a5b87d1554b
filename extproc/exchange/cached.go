package exchange

import "time"

// Cached is what the cache of answers made of an exchange. It is what a row keeps: it has no text.
type Cached struct {
	Result     CacheResult // empty: the exchange had nothing to do with the cache
	Reason     CacheReason // why it was no hit
	Entry      string      // id of the entry that was given, or would have been; of a miss, of the nearest one
	Source     string      // the exchange that the answer of the entry was given to first
	Compared   bool        // Similarity is that of a question
	Similarity float64     // cosine of both questions
	Embedder   string
	Rules      []string // by which the question differs from that of the entry
	Age        time.Duration
	Saved      Cost          // of the answer, when it was first given
	Sooner     time.Duration // than it was there when it was first given
	Stored     string        // id of the entry as which the answer is kept; empty: it is not
	NotStored  CacheReason   // why it is not
	Verdict    CacheVerdict  // of a hit that was asked anew
}

// CacheResult is what came of looking for an answer: a closed set, also a metric label.
type CacheResult string

// What comes of looking for an answer.
const (
	CacheHit         CacheResult = "hit"          // the answer to an equal request was given
	CacheSemanticHit CacheResult = "semantic_hit" // the answer to a question that means the same was given
	CacheCoalesced   CacheResult = "coalesced"    // the answer to an equal request was waited for, and given
	CacheMiss        CacheResult = "miss"
	CacheShadowHit   CacheResult = "shadow_hit" // one would have been given
	CacheVerified    CacheResult = "verified"   // one would have been given, and was compared with a fresh one
	CacheBypassed    CacheResult = "bypassed"   // none was looked for
)

// CacheResults are all results.
var CacheResults = []CacheResult{CacheHit, CacheSemanticHit, CacheCoalesced, CacheMiss, CacheShadowHit, CacheVerified, CacheBypassed}

// Given reports whether the client got an answer from the cache.
func (r CacheResult) Given() bool {
	return r == CacheHit || r == CacheSemanticHit || r == CacheCoalesced
}

// CacheReason says why an answer was not given, not looked for, or not kept: a closed set, also a
// metric label.
type CacheReason string

// Why an answer is not looked for, or not kept.
const (
	CacheNoStore     CacheReason = "no_store"    // the client says so
	CacheNoCache     CacheReason = "no_cache"    // the client wants a fresh one
	CacheTemperature CacheReason = "temperature" // is above the policy's bound
	CacheMasked      CacheReason = "masked"      // a guard masked something
	CacheState       CacheReason = "state"       // the request goes on with what a provider keeps, or has it keep more
)

// Why an answer was not given.
const (
	CacheUnknown      CacheReason = "unknown"       // there is none
	CacheDissimilar   CacheReason = "dissimilar"    // no question is near enough
	CacheRules        CacheReason = "rules"         // the nearest question differs
	CacheTooOld       CacheReason = "too_old"       // for the client
	CacheTooLong      CacheReason = "too_long"      // for the answer that the client bounds
	CacheNoVector     CacheReason = "no_vector"     // the question has none, or it could not be made
	CacheLongQuestion CacheReason = "long_question" // there is none, and the question is too long to be compared
	CacheLost         CacheReason = "store"         // entries could not be read, or not in time
	CacheUnreadable   CacheReason = "unreadable"    // the entry
	CacheWaitedInVain CacheReason = "waited"        // an equal request got no answer that may be shared, or not in time
)

// Why an answer was not kept, beside those of requests.
const (
	CacheIncomplete   CacheReason = "incomplete"
	CacheUnsuccessful CacheReason = "unsuccessful"
	CacheGuarded      CacheReason = "guard" // a guard refused it, or could not decide
	CacheFallback     CacheReason = "fallback"
	CacheToolCalls    CacheReason = "tool_calls"
	CacheTooLarge     CacheReason = "too_large"
	CachePurged       CacheReason = "purged" // while it was asked
)

// CacheVerdict says what became of comparing an answer that would have been given with a fresh
// one: a closed set, also a metric label.
type CacheVerdict string

// The verdicts.
const (
	CacheSame  CacheVerdict = "same"
	CacheOther CacheVerdict = "other"
)
