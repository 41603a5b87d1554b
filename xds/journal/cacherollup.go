package journal

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// cacheGroup is what uses of the cache of one hour are summed by.
type cacheGroup struct {
	hour                                                             int64
	model, caller, team, feature, result, reason, notStored, verdict string
	semantic                                                         bool
}

// cacheAmounts are the columns of a rollup of the cache that add up.
type cacheAmounts struct {
	exchanges, stored int64
	saved             int64 // nano-USD
	sooner            int64 // nanoseconds
}

// cacheRollup sums the uses of a group.
type cacheRollup struct {
	cacheGroup
	cacheAmounts
	key []byte
}

// cacheAmounts are what a call adds. A hit in shadow adds what its answer cost and how long it
// took: that would have been saved.
func (e *entry) cacheAmounts() (a cacheAmounts) {
	c := e.cacheUse()
	if c == nil {
		return a
	}
	a.exchanges, a.stored = 1, int64(number(c.Stored != ""))
	switch {
	case e.wasGiven():
		a.saved, a.sooner = e.saved(), c.SavedNanos
	case c.Result == shadowHit:
		a.saved, a.sooner = e.Row.GetCostNanoUsd(), e.DurationNanos
		for _, try := range e.Tried {
			a.saved += try.GetCostNanoUsd()
		}
	}
	return a
}

func (a *cacheAmounts) add(b cacheAmounts) {
	a.exchanges, a.stored, a.saved, a.sooner = a.exchanges+b.exchanges, a.stored+b.stored, a.saved+b.saved, a.sooner+b.sooner
}

// cacheRollups sums what the cache made of exchanges. They come in an order of their own.
func cacheRollups(entries []entry) []*cacheRollup {
	all := map[cacheGroup]*cacheRollup{}
	for i := range entries {
		e := &entries[i]
		c := e.cacheUse()
		if c == nil {
			continue
		}
		g := cacheGroup{e.began.UnixNano() / hour, storable(e.Route), storable(e.Caller), storable(e.Team), storable(e.Feature),
			storable(c.Result), storable(c.Reason), storable(c.NotStored), storable(c.Verdict), c.Similarity != nil}
		r := all[g]
		if r == nil {
			r = &cacheRollup{cacheGroup: g, key: g.hash()}
			all[g] = r
		}
		r.add(e.cacheAmounts())
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *cacheRollup) int {
		return cmp.Or(cmp.Compare(a.hour, b.hour), bytes.Compare(a.key, b.key))
	})
}

// hash names a group within its hour: an index takes no long texts.
func (g *cacheGroup) hash() []byte {
	h := sha256.New()
	for _, value := range []string{g.model, g.caller, g.team, g.feature, g.result, g.reason, g.notStored, g.verdict} {
		h.Write(binary.AppendUvarint(nil, uint64(len(value))))
		h.Write([]byte(value))
	}
	h.Write([]byte{byte(number(g.semantic))})
	return h.Sum(nil)[:16]
}

func (r *cacheRollup) values() []any {
	return []any{r.hour, r.key, r.model, r.caller, r.team, r.feature, r.result, r.reason, r.notStored, r.verdict, number(r.semantic), r.exchanges, r.stored, r.saved, r.sooner}
}

const (
	intoCache = "INSERT INTO rollup_cache (hour, key, model, caller, team, feature, result, reason, not_stored, verdict, semantic, exchanges, stored, saved, sooner) "
	addCache  = ` ON CONFLICT (hour, key) DO UPDATE SET exchanges = rollup_cache.exchanges + excluded.exchanges, stored = rollup_cache.stored + excluded.stored,
		saved = rollup_cache.saved + excluded.saved, sooner = rollup_cache.sooner + excluded.sooner`
)

func addCacheSQLite(ctx context.Context, tx *sql.Tx, entries []entry) error {
	all := cacheRollups(entries)
	if len(all) == 0 {
		return nil
	}
	add, err := tx.PrepareContext(ctx, intoCache+"VALUES ("+places(15)+")"+addCache)
	if err != nil {
		return err
	}
	defer add.Close() // ends with the transaction
	for _, r := range all {
		if _, err := add.ExecContext(ctx, r.values()...); err != nil {
			return err
		}
	}
	return nil
}

const cacheFromLists = `SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
	$9::text[], $10::text[], $11::integer[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[])`

// addCachePostgres adds them by one statement, with a list for each column.
func addCachePostgres(ctx context.Context, tx pgx.Tx, entries []entry) error {
	all := cacheRollups(entries)
	if len(all) == 0 {
		return nil
	}
	lists := []any{
		listOf(all, func(r *cacheRollup) int64 { return r.hour }), listOf(all, func(r *cacheRollup) []byte { return r.key }),
		listOf(all, func(r *cacheRollup) string { return r.model }), listOf(all, func(r *cacheRollup) string { return r.caller }),
		listOf(all, func(r *cacheRollup) string { return r.team }), listOf(all, func(r *cacheRollup) string { return r.feature }),
		listOf(all, func(r *cacheRollup) string { return r.result }), listOf(all, func(r *cacheRollup) string { return r.reason }),
		listOf(all, func(r *cacheRollup) string { return r.notStored }), listOf(all, func(r *cacheRollup) string { return r.verdict }),
		listOf(all, func(r *cacheRollup) int { return number(r.semantic) }), listOf(all, func(r *cacheRollup) int64 { return r.exchanges }),
		listOf(all, func(r *cacheRollup) int64 { return r.stored }), listOf(all, func(r *cacheRollup) int64 { return r.saved }),
		listOf(all, func(r *cacheRollup) int64 { return r.sooner }),
	}
	_, err := tx.Exec(ctx, intoCache+cacheFromLists+addCache, lists...)
	return err
}

// cacheSpan is that of the rollup of the cache, as far as it is dropped.
var cacheSpan = &span{table: "rollup_cache", column: "hour", seconds: 3600}
