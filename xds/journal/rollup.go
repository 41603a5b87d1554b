package journal

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/DataDog/sketches-go/ddsketch"
)

// accuracy is how far a percentile of a sketch may be off, relative to itself.
const accuracy = 0.01

// span is how long the rows of a rollup are summed.
type span struct {
	table, column string
	seconds       int64

	lookUp, add       string // statements
	lookUpAll, addAll string // of PostgreSQL: with a list for each column
}

// spans are those of which there are rollups.
var spans = []*span{newSpan("rollup", "hour", 3600), newSpan("rollup_day", "day", secondsOfDay)}

// group is what rows of one span are summed by.
type group struct {
	at int64 // the number of its hour or day since 1970, in UTC
	of [len(dimensions)]string
}

// dimensions are the columns of a group, after its hour or day.
var dimensions = [...]string{"username", "team", "feature", "model", "provider", "backend", "prompt", "prompt_version", "experiment", "arm", "caller", "tier"}

// hash names a group within its span. Values that are missing at the end do not count: a later
// version may have further dimensions.
func (g *group) hash() []byte {
	last := len(g.of)
	for last > 0 && g.of[last-1] == "" {
		last--
	}
	h := sha256.New()
	for _, value := range g.of[:last] {
		h.Write(binary.AppendUvarint(nil, uint64(len(value))))
		h.Write([]byte(value))
	}
	return h.Sum(nil)[:16]
}

// sums are the columns of a rollup that add up.
var sums = [...]string{"requests", "failed_client", "failed_gateway", "failed_provider", "failed_unknown",
	"input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_input", "output", "reasoning", "audio_output",
	"searches", "cost", "saved", "unpriced", "estimated", "estimated_cost", "cache_lookups", "cache_hits"}

// rollup is what the rows of a group add.
type rollup struct {
	group
	key             []byte
	sums            [len(sums)]int64
	first, duration *ddsketch.DDSketch // in seconds
}

func newRollup() *rollup { return &rollup{first: newSketch(), duration: newSketch()} }

func newSketch() *ddsketch.DDSketch {
	s, err := ddsketch.NewDefaultDDSketch(accuracy)
	if err != nil {
		panic("journal: " + err.Error()) // the accuracy is a constant
	}
	return s
}

// listing is the operation of exchanges that ask no model: who lists models, as probes do, makes
// no request that costs could be asked of.
const listing = "models"

// rollups sums rows by group. Groups come in an order of their own.
func (s *span) rollups(entries []entry) []*rollup {
	all := map[group]*rollup{}
	for i := range entries {
		e := &entries[i]
		if e.Operation == listing {
			continue
		}
		g := group{at: e.began.Unix() / s.seconds, of: e.dimensions()}
		for i := range g.of {
			g.of[i] = storable(g.of[i])
		}
		r := all[g]
		if r == nil {
			r = newRollup()
			r.group, r.key = g, g.hash()
			all[g] = r
		}
		r.add(e)
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *rollup) int {
		return cmp.Or(cmp.Compare(a.at, b.at), bytes.Compare(a.key, b.key))
	})
}

// dimensions are what a row has of each.
func (e *entry) dimensions() [len(dimensions)]string {
	return [len(dimensions)]string{e.User, e.Team, e.Feature, e.Route, e.provider, e.backend, "", "", "", "", e.Caller, e.Tier}
}

// add adds a row.
func (r *rollup) add(e *entry) {
	if e.kind == Call {
		r.latency(e)
	}
	for i, n := range e.sums() {
		r.sums[i] += n
	}
}

// sums is what a row adds to each of the sums. An attempt adds what it cost, and no request.
func (e *entry) sums() [len(sums)]int64 {
	calls, failed := int64(0), map[string]int64{}
	if e.kind == Call {
		calls, failed[e.failedBy()] = 1, 1
	}
	t, searches := e.consumed()
	cost := int64(0)
	if e.cost != nil {
		cost = *e.cost
	}
	estimated := int64(number(e.usageSource == "estimated"))
	return [len(sums)]int64{calls, failed["client"], failed["gateway"], failed["provider"], failed["unknown"],
		t.GetInput(), t.GetCacheRead(), t.GetCacheWrite_5M(), t.GetCacheWrite_1H(), t.GetAudioInput(), t.GetOutput(), t.GetReasoning(), t.GetAudioOutput(),
		searches, cost, e.saved(), int64(number(e.unpriced)), estimated, estimated * cost, int64(number(e.looked())), int64(number(e.wasGiven()))}
}

// failedBy is who failed. That a guard refused what a provider answered is no failure of anybody's.
func (e *entry) failedBy() string {
	if e.Outcome == blocked && e.By == "provider" {
		return ""
	}
	return e.By
}

// blocked is the outcome of what a guard refused.
const blocked = "blocked"

func (r *rollup) latency(e *entry) {
	_ = r.duration.Add(float64(e.DurationNanos) / 1e9) // never negative
	if e.FirstTokenNanos != nil {
		_ = r.first.Add(float64(*e.FirstTokenNanos) / 1e9)
	}
}

// merge adds what is stored of a group.
func (r *rollup) merge(first, duration []byte) error {
	for _, s := range []struct {
		to   *ddsketch.DDSketch
		data []byte
	}{{r.first, first}, {r.duration, duration}} {
		if err := s.to.DecodeAndMergeWith(s.data); err != nil {
			return fmt.Errorf("a sketch of the rollups: %w", err)
		}
	}
	return nil
}

func encoded(s *ddsketch.DDSketch) []byte {
	var b []byte
	s.Encode(&b, false)
	return b
}

// name is that of a group of its span.
func (r *rollup) name() string { return strconv.FormatInt(r.at, 10) + string(r.key) }

// values are what a rollup has in each column, in the order of newSpan.
func (r *rollup) values() []any {
	all := []any{r.at, r.key}
	for _, value := range r.of {
		all = append(all, value)
	}
	for _, n := range r.sums {
		all = append(all, n)
	}
	return append(all, encoded(r.first), encoded(r.duration))
}

func newSpan(table, column string, seconds int64) *span {
	names := slices.Concat([]string{column, "key"}, dimensions[:], sums[:], []string{"first_token", "duration"})
	set := make([]string, 0, len(sums)+2)
	for _, s := range sums {
		set = append(set, s+" = "+table+"."+s+" + excluded."+s)
	}
	set = append(set, "first_token = excluded.first_token", "duration = excluded.duration")
	into := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") "
	onConflict := " ON CONFLICT (" + column + ", key) DO UPDATE SET " + strings.Join(set, ", ")
	types := slices.Concat([]string{"bigint", "bytea"}, slices.Repeat([]string{"text"}, len(dimensions)), slices.Repeat([]string{"bigint"}, len(sums)), []string{"bytea", "bytea"})
	for i, t := range types {
		types[i] = fmt.Sprintf("$%d::%s[]", i+1, t)
	}
	return &span{table, column, seconds,
		"SELECT first_token, duration FROM " + table + " WHERE " + column + " = ? AND key = ?",
		into + "VALUES (" + places(len(names)) + ")" + onConflict,
		"SELECT " + column + ", r.key, first_token, duration FROM " + table + " r JOIN unnest($1::bigint[], $2::bytea[]) AS wanted (at, key) ON " + column + " = at AND r.key = wanted.key",
		into + "SELECT * FROM unnest(" + strings.Join(types, ", ") + ")" + onConflict,
	}
}

// places are n parameters.
func places(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
