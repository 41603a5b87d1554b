package caches_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/caches"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/journal"
)

var now = time.Date(2026, 6, 30, 12, 30, 0, 0, time.UTC)

// kept is a journal that keeps what it is asked.
type kept struct{ asked journal.CacheQuestion }

func (k *kept) Cache(_ context.Context, q journal.CacheQuestion) (*journal.CacheSums, error) {
	k.asked = q
	sum := journal.CacheSum{Lookups: 4, Hits: 1, HitRate: new(0.25)}
	return &journal.CacheSums{Since: q.Since.Truncate(time.Hour), Lines: []journal.CacheLine{{Of: []string{"2026-06-30", "faq"}[2-len(q.By):], CacheSum: sum}}, Total: sum}, nil
}

// TestQuestions holds what is asked of the journal, and that the answer names its span and the
// values of its rows.
func TestQuestions(t *testing.T) {
	day := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		asked caches.Asked
		want  journal.CacheQuestion
		of    map[string]string
	}{
		{caches.Asked{}, journal.CacheQuestion{By: []string{"model"}, Since: now.Add(-24 * time.Hour)}, map[string]string{"model": "faq"}},
		{caches.Asked{By: []string{"day", "model"}, Since: "2h", Only: map[string][]string{"model": {"faq", "b"}, "team": {""}}},
			journal.CacheQuestion{By: []string{"day", "model"}, Since: now.Add(-2 * time.Hour), Only: map[string][]string{"model": {"faq", "b"}, "team": {""}}}, map[string]string{"day": "2026-06-30", "model": "faq"}},
		{caches.Asked{In: "2026-06-01"}, journal.CacheQuestion{By: []string{"model"}, Since: day, Until: day.AddDate(0, 0, 1)}, map[string]string{"model": "faq"}},
	} {
		k := &kept{}
		api := consoletest.Mounted(t, caches.Prefix, caches.Routes(k, func() time.Time { return now }))
		got := consoletest.Want[caches.Report](t, api.Ask("GET", "/api/v1/cache?"+c.asked.Query(), nil), 200)
		if c.want.Only == nil {
			c.want.Only = map[string][]string{}
		}
		if diff := cmp.Diff(c.want, k.asked); diff != "" {
			t.Errorf("%+v (-want +asked):\n%s", c.asked, diff)
		}
		sum := journal.CacheSum{Lookups: 4, Hits: 1, HitRate: new(0.25)}
		want := caches.Report{Since: c.want.Since.Truncate(time.Hour), Until: now, By: c.want.By, Rows: []caches.Row{{Of: c.of, CacheSum: sum}}, Total: sum}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-want +answered):\n%s", c.asked, diff)
		}
	}
}

// TestWhatCannotBeMeant holds that nothing is guessed.
func TestWhatCannotBeMeant(t *testing.T) {
	api := consoletest.Mounted(t, caches.Prefix, caches.Routes(&kept{}, func() time.Time { return now }))
	for _, query := range []string{"by=user", "by=", "by=model,model", "by=model&by=model", "user=ann", "hour=1", "since=never", "in=2026-06&since=1h", "mode=shadow"} {
		consoletest.Fails(t, api.Ask("GET", "/api/v1/cache?"+query, nil), console.BadRequest)
	}
}
