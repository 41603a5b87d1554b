package journal

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/policy/policypb"
)

// Kind says what a row of the journal is.
type Kind string

// The kinds of rows.
const (
	Call    Kind = "call"    // an exchange, and what its answer cost
	Attempt Kind = "attempt" // what an attempt cost whose answer was not the client's
)

// entry is one row of the journal.
type entry struct {
	*policypb.Row
	attempt int // counts from 1; of a call 0: an exchange has one, however many attempts are known of it
	kind    Kind
	began   time.Time
	day     int64 // since 1970, in UTC

	// Of an attempt in place of the exchange's own.
	backend, provider, served string
	tokens                    *policypb.Tokens
	usageSource, price        string
	cost                      *int64
	unpriced                  bool
}

// key identifies an entry.
type key struct {
	exchange string
	attempt  int
	kind     Kind
}

func (e *entry) key() key { return key{storable(e.Exchange), e.attempt, e.kind} }

// entriesOf returns the rows that exchanges leave, each once.
func entriesOf(rows []*policypb.Row) []entry {
	all, seen := make([]entry, 0, len(rows)), make(map[key]bool, len(rows))
	for _, r := range rows {
		for _, e := range entriesOfOne(r) {
			if k := e.key(); !seen[k] {
				seen[k] = true
				all = append(all, e)
			}
		}
	}
	return all
}

func entriesOfOne(r *policypb.Row) []entry {
	at := began(r)
	day := today(at)
	out := []entry{{
		Row: r, kind: Call, began: at, day: day,
		backend: r.Backend, provider: r.Provider, served: r.Served,
		tokens: r.Tokens, usageSource: r.UsageSource, price: r.Price, cost: r.CostNanoUsd, unpriced: r.Unpriced,
	}}
	for i, a := range r.Tried {
		if a.Tokens != nil {
			out = append(out, entry{
				Row: r, attempt: i + 1, kind: Attempt, began: at, day: day,
				backend: a.Backend, provider: a.Provider, served: a.Model,
				tokens: a.Tokens, usageSource: a.UsageSource, price: a.Price, cost: a.CostNanoUsd, unpriced: a.Unpriced,
			})
		}
	}
	return out
}

// began is when an exchange began: its id says so even if the clock of its machine was set
// meanwhile. An id that is none, or of a time that nanoseconds do not reach, leaves the time
// that the row names.
func began(r *policypb.Row) time.Time {
	if id, err := ulid.ParseStrict(r.Exchange); err == nil && id.Time() < math.MaxInt64/1_000_000 {
		return id.Timestamp()
	}
	return time.Unix(0, max(r.BeganUnixNanos, 0))
}

// column is a column of the journal and what a row has there.
type column struct {
	name string
	of   func(*entry) any
}

var columns = []column{
	{"exchange", func(e *entry) any { return e.Exchange }},
	{"opened_as", func(e *entry) any { return e.OpenedAs }},
	{"attempt", func(e *entry) any { return e.attempt }},
	{"kind", func(e *entry) any { return string(e.kind) }},
	{"day", func(e *entry) any { return e.day }},
	{"began", func(e *entry) any { return e.began.UnixNano() }},
	{"revision", func(e *entry) any { return e.Revision }},
	{"dialect", func(e *entry) any { return e.Dialect }},
	{"operation", func(e *entry) any { return e.Operation }},
	{"asked", func(e *entry) any { return e.Model }},
	{"model", func(e *entry) any { return e.Route }},
	{"caller", func(e *entry) any { return e.Caller }},
	{"tier", func(e *entry) any { return e.Tier }},
	{"username", func(e *entry) any { return e.User }},
	{"team", func(e *entry) any { return e.Team }},
	{"feature", func(e *entry) any { return e.Feature }},
	{"session", func(e *entry) any { return e.Session }},
	{"tags", func(e *entry) any { return strings.Join(e.Tags, ",") }},
	{"parent", func(e *entry) any { return e.Parent }},
	{"provider", func(e *entry) any { return e.provider }},
	{"backend", func(e *entry) any { return e.backend }},
	{"served", func(e *entry) any { return e.served }},
	{"response", func(e *entry) any { return e.ResponseId }},
	{"stream", func(e *entry) any { return number(e.Stream) }},
	{"status", func(e *entry) any { return e.Status }},
	{"outcome", func(e *entry) any { return e.Outcome }},
	{"failed_by", func(e *entry) any { return e.By }},
	{"reason", func(e *entry) any { return e.Reason }},
	{"detail", func(e *entry) any { return e.Detail }},
	{"finish", func(e *entry) any { return e.Finish }},
	{"error", func(e *entry) any { return e.failure() }},
	{"provider_request", func(e *entry) any { return e.ProviderRequest }},
	{"method", func(e *entry) any { return e.textOfCall(e.Method) }},
	{"path", func(e *entry) any { return e.textOfCall(e.Path) }},
	{"request_ids", func(e *entry) any { return commas(e.requestIDs()) }},
	{"traceparent", func(e *entry) any { return e.textOfCall(e.Traceparent) }},
	{"user_agent", func(e *entry) any { return e.textOfCall(e.UserAgent) }},
	{"client_address", func(e *entry) any { return e.textOfCall(e.ClientAddress) }},
	{"limited_by", func(e *entry) any { return e.textOfCall(e.LimitedBy) }},
	{"retry_after", func(e *entry) any { return e.RetryAfterNanos }},
	{"attempts", func(e *entry) any { return e.Attempts }},
	{"request_bytes", func(e *entry) any { return e.RequestBytes }},
	{"duration", func(e *entry) any { return e.DurationNanos }},
	{"first_token", func(e *entry) any { return e.FirstTokenNanos }},
	{"input", func(e *entry) any { return e.tokens.GetInput() }},
	{"cache_read", func(e *entry) any { return e.tokens.GetCacheRead() }},
	{"cache_write_5m", func(e *entry) any { return e.tokens.GetCacheWrite_5M() }},
	{"cache_write_1h", func(e *entry) any { return e.tokens.GetCacheWrite_1H() }},
	{"audio_input", func(e *entry) any { return e.tokens.GetAudioInput() }},
	{"output", func(e *entry) any { return e.tokens.GetOutput() }},
	{"reasoning", func(e *entry) any { return e.tokens.GetReasoning() }},
	{"audio_output", func(e *entry) any { return e.tokens.GetAudioOutput() }},
	{"searches", func(e *entry) any { return e.searches() }},
	{"service_tier", func(e *entry) any { return e.ServiceTier }},
	{"usage_source", func(e *entry) any { return e.usageSource }},
	{"guessed", func(e *entry) any { return number(e.guessed()) }},
	{"cost", func(e *entry) any { return e.cost }},
	{"price", func(e *entry) any { return e.price }},
	{"unpriced", func(e *entry) any { return number(e.unpriced) }},
	{"tried", func(e *entry) any { return ofCall(e, e.Tried) }},
	{"stages", func(e *entry) any { return ofCall(e, e.Stages) }},
	{"guards", func(e *entry) any { return ofCall(e, e.Guards) }},
	{"guarded", func(e *entry) any { return e.guarded() }},
	{"saved", func(e *entry) any { return e.saved() }},
	{"cache", func(e *entry) any { return e.cache() }},
	{"cached", func(e *entry) any { return e.cacheUse().GetResult() }},
	{"entry", func(e *entry) any { return e.cacheUse().GetEntry() }},
	{"stored", func(e *entry) any { return e.cacheUse().GetStored() }},
	{"dropped", func(e *entry) any { return strings.Join(e.Dropped, ",") }},
}

// failure is what the provider said of one, as JSON; empty: nothing.
func (e *entry) failure() string {
	if e.Error == nil || e.kind != Call {
		return ""
	}
	b, err := json.Marshal(e.Error)
	if err != nil {
		panic("journal: " + err.Error()) // texts and numbers only
	}
	return string(b)
}

// searches are those of the answer.
func (e *entry) searches() int64 {
	if e.kind == Attempt {
		return 0
	}
	return e.Searches
}

// guessed reports whether no provider reported what the answer or an attempt consumed.
func (e *entry) guessed() bool {
	return e.kind == Call && (e.usageSource == estimated ||
		slices.ContainsFunc(e.Tried, func(a *policypb.Attempt) bool { return a.Tokens != nil && a.UsageSource == estimated }))
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ofCall writes a list as JSON, which the row of an attempt does not repeat; empty: it has
// nothing.
func ofCall[T any](e *entry, list []T) string {
	if len(list) == 0 || e.kind != Call {
		return ""
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic("journal: " + err.Error()) // texts and numbers only
	}
	return string(b)
}
