package journal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/headgate/headgate/policy/policypb"
)

// TestWhatAFilterWantsIsMarked holds that an exchange that a filter wants has one of each of its
// marks, whatever its attempts cost.
func TestWhatAFilterWantsIsMarked(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 0))
	for range 2000 {
		row := randomRow(r)
		row.Status, row.CostNanoUsd = r.Int32N(600), new(r.Int64N(1<<r.IntN(40)))
		row.Tried = nil
		total, unpriced := *row.CostNanoUsd, row.Unpriced
		for range r.IntN(6) {
			a := &policypb.Attempt{Tokens: &policypb.Tokens{}, CostNanoUsd: new(r.Int64N(1 << r.IntN(40))), Unpriced: r.IntN(4) == 0}
			row.Tried = append(row.Tried, a)
			total, unpriced = total+*a.CostNanoUsd, unpriced || a.Unpriced
		}
		status := int(row.Status)
		filters := []Filter{{Statuses: [][2]int{{status, status}}}, {Statuses: [][2]int{{700, 700}, {status - r.IntN(100), status + r.IntN(100)}}},
			{Slower: time.Duration(row.DurationNanos)}, {Dearer: total}, {Unpriced: unpriced}}
		for _, c := range marked {
			call := entriesOfOne(row)[0]
			filters = append(filters, Filter{Is: map[string][]string{c.name: {"none", c.of(&call).(string)}}})
		}
		has := map[int64]bool{}
		for _, m := range marksOf(entriesOfOne(row)) {
			has[m.mark] = m.hour == began(row).UnixNano()/hour
		}
		for _, f := range filters {
			for _, list := range f.wanted() {
				if !slices.ContainsFunc(list, func(m int64) bool { return has[m] }) {
					t.Fatalf("%+v wants none of the marks of %v", f, row)
				}
			}
		}
	}
}

// TestAPageSkipsHours holds that it looks at no row of an hour in which nothing can be what the
// filter wants.
func TestAPageSkipsHours(t *testing.T) { onBoth(t, aPageSkipsHours) }

func aPageSkipsHours(t *testing.T, j *Journal) {
	var rows []*policypb.Row
	for i := range 200 {
		rows = append(rows, exchange(noon.Add(-time.Duration(i)*time.Hour), fmt.Sprint("user", i), 1000))
	}
	wanted := rows[150]
	wanted.Team, wanted.Session, wanted.Status, wanted.Outcome, wanted.By, wanted.DurationNanos = "red", "s", 504, "deadline", "gateway", 600e9
	wanted.Tried[0].Unpriced, wanted.Tried[0].CostNanoUsd = true, new(int64(1e9))
	if err := j.Write(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
	for _, f := range []Filter{
		{Is: map[string][]string{"team": {"red"}}}, {Is: map[string][]string{"session": {"s"}}}, {Is: map[string][]string{"outcome": {"deadline", "x"}}},
		{Is: map[string][]string{"failed_by": {"gateway", "client"}}}, {Is: map[string][]string{"team": {"red", "x"}, "feature": {""}}},
		{Statuses: [][2]int{{504, 504}}}, {Statuses: [][2]int{{500, 599}}}, {Slower: time.Minute}, {Dearer: 1e9}, {Unpriced: true},
	} {
		f.looks = 3
		p, err := j.Exchanges(context.Background(), f, "", 10)
		if err != nil || len(p.Exchanges) != 1 || p.Exchanges[0].Exchange != wanted.Exchange || p.Next != "" {
			t.Errorf("%+v: %v, %v", f, p, err)
		}
		f.Since = began(wanted).Add(time.Minute)
		if p, err := j.Exchanges(context.Background(), f, "", 10); err != nil || len(p.Exchanges) != 0 || p.Next != "" {
			t.Errorf("%+v: %v, %v, want none and no other page", f, p, err)
		}
	}
}
