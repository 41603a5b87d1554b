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

// guardGroup is what verdicts of one hour are summed by.
type guardGroup struct {
	hour                        int64
	guard, kind                 string
	output                      bool
	mode, action, result, model string
	found                       string // a type; empty: verdicts are counted
}

// guardRollup sums the verdicts of a group.
type guardRollup struct {
	guardGroup
	key              []byte
	exchanges, times int64 // times: that something of the type was found
}

// guardRollups sums what guards made of exchanges. They come in an order of their own.
func guardRollups(entries []entry) []*guardRollup {
	all := map[guardGroup]*guardRollup{}
	add := func(g guardGroup, times int64) {
		r := all[g]
		if r == nil {
			r = &guardRollup{guardGroup: g, key: g.hash()}
			all[g] = r
		}
		r.exchanges, r.times = r.exchanges+1, r.times+times
	}
	for i := range entries {
		e := &entries[i]
		if e.kind != Call {
			continue
		}
		for _, v := range e.Guards {
			g := guardGroup{e.began.UnixNano() / hour, storable(v.Guard), storable(v.Kind), v.Output, storable(v.Mode), storable(v.Action), storable(v.Result), storable(e.Route), ""}
			add(g, 0)
			for _, t := range v.Types {
				if g.found = storable(t.Type); g.found != "" {
					add(g, t.Count)
				}
			}
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *guardRollup) int {
		return cmp.Or(cmp.Compare(a.hour, b.hour), bytes.Compare(a.key, b.key))
	})
}

// hash names a group within its hour: an index takes no long texts.
func (g *guardGroup) hash() []byte {
	h := sha256.New()
	for _, value := range []string{g.guard, g.kind, direction(g.output), g.mode, g.action, g.result, g.model, g.found} {
		h.Write(binary.AppendUvarint(nil, uint64(len(value))))
		h.Write([]byte(value))
	}
	return h.Sum(nil)[:16]
}

func (r *guardRollup) values() []any {
	return []any{r.hour, r.key, r.guard, r.kind, number(r.output), r.mode, r.action, r.result, r.model, r.found, r.exchanges, r.times}
}

const (
	intoGuards = "INSERT INTO rollup_guard (hour, key, guard, kind, output, mode, action, result, model, type, exchanges, found) "
	addGuards  = " ON CONFLICT (hour, key) DO UPDATE SET exchanges = rollup_guard.exchanges + excluded.exchanges, found = rollup_guard.found + excluded.found"
)

func addGuardsSQLite(ctx context.Context, tx *sql.Tx, entries []entry) error {
	all := guardRollups(entries)
	if len(all) == 0 {
		return nil
	}
	add, err := tx.PrepareContext(ctx, intoGuards+"VALUES ("+places(12)+")"+addGuards)
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

const guardsFromLists = `SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::text[], $5::integer[],
	$6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::bigint[])`

// addGuardsPostgres adds them by one statement, with a list for each column.
func addGuardsPostgres(ctx context.Context, tx pgx.Tx, entries []entry) error {
	all := guardRollups(entries)
	if len(all) == 0 {
		return nil
	}
	lists := []any{
		listOf(all, func(r *guardRollup) int64 { return r.hour }), listOf(all, func(r *guardRollup) []byte { return r.key }),
		listOf(all, func(r *guardRollup) string { return r.guard }), listOf(all, func(r *guardRollup) string { return r.kind }),
		listOf(all, func(r *guardRollup) int { return number(r.output) }), listOf(all, func(r *guardRollup) string { return r.mode }),
		listOf(all, func(r *guardRollup) string { return r.action }), listOf(all, func(r *guardRollup) string { return r.result }),
		listOf(all, func(r *guardRollup) string { return r.model }), listOf(all, func(r *guardRollup) string { return r.found }),
		listOf(all, func(r *guardRollup) int64 { return r.exchanges }), listOf(all, func(r *guardRollup) int64 { return r.times }),
	}
	_, err := tx.Exec(ctx, intoGuards+guardsFromLists+addGuards, lists...)
	return err
}

// listOf are the values of rollups in one column.
func listOf[R, T any](all []R, value func(R) T) []T {
	list := make([]T, len(all))
	for i, r := range all {
		list[i] = value(r)
	}
	return list
}
