package exchanges_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/journal"
)

var now = time.Date(2026, 6, 30, 12, 30, 0, 0, time.UTC)

// kept is a journal that keeps what it is asked. Its tail has something from the third call on.
type kept struct {
	filter journal.Filter
	cursor string
	limit  int
	calls  int
}

func (k *kept) Exchanges(_ context.Context, f journal.Filter, cursor string, limit int) (*journal.Page, error) {
	k.filter, k.cursor, k.limit = f, cursor, limit
	if cursor == "bad" {
		return nil, journal.ErrCursor
	}
	return &journal.Page{Exchanges: []journal.Exchange{{Exchange: "x"}}, Next: "next"}, nil
}

func (k *kept) Tail(_ context.Context, f journal.Filter, cursor string, limit int) (*journal.Page, error) {
	k.filter, k.cursor, k.limit = f, cursor, limit
	p := &journal.Page{Exchanges: []journal.Exchange{}, Next: cursor + "+"}
	if k.calls++; k.calls > 2 {
		p.Exchanges = append(p.Exchanges, journal.Exchange{Exchange: "x"})
	}
	return p, nil
}

func (k *kept) Trace(_ context.Context, id string, at time.Time) (*journal.Exchange, error) {
	if id != "x/y" || !at.Equal(now) {
		return nil, journal.ErrUnknown
	}
	return &journal.Exchange{Exchange: id}, nil
}

func serve(t *testing.T) (*kept, consoletest.API) {
	k := &kept{}
	return k, consoletest.Mounted(t, exchanges.Prefix, exchanges.Routes(k, func() time.Time { return now }))
}

func TestFilters(t *testing.T) {
	k, api := serve(t)
	since := now.Add(-24 * time.Hour)
	for query, want := range map[string]kept{
		"":                           {filter: journal.Filter{Since: since}, limit: 50},
		"?limit=1000&cursor=abc":     {filter: journal.Filter{Since: since}, limit: 1000, cursor: "abc"},
		"?user=ann&user=&outcome=ok": {filter: journal.Filter{Since: since, Is: map[string][]string{"user": {"ann", ""}, "outcome": {"ok"}}}, limit: 50},
		"?in=2026-06&status=5xx&status=0&status=429": {limit: 50, filter: journal.Filter{Since: now.Truncate(24*time.Hour).AddDate(0, 0, -29), Until: now.Truncate(24*time.Hour).AddDate(0, 0, 1),
			Statuses: [][2]int{{500, 599}, {0, 0}, {429, 429}}}},
		"?slower=1.5s&dearer=0.000000001&failed=true&estimated=true&unpriced=true": {limit: 50, filter: journal.Filter{Since: since, Slower: 1500 * time.Millisecond, Dearer: 1, Failed: true, Estimated: true, Unpriced: true}},
	} {
		if want.filter.Is == nil {
			want.filter.Is = map[string][]string{}
		}
		p := consoletest.Want[journal.Page](t, api.Ask("GET", "/api/v1/exchanges"+query, nil), 200)
		if diff := cmp.Diff(&want, k, cmp.AllowUnexported(kept{}, journal.Filter{}), cmp.Comparer(time.Time.Equal)); diff != "" || p.Next != "next" || len(p.Exchanges) != 1 {
			t.Errorf("%s: %+v (-want +got):\n%s", query, p, diff)
		}
	}
}

func TestWhatCannotBeMeant(t *testing.T) {
	_, api := serve(t)
	for _, query := range []string{"limit=0", "limit=1001", "limit=1&limit=2", "status=6xx", "status=600", "status=-1", "status=ok", "slower=0s", "slower=fast", "dearer=0",
		"dearer=-1", "dearer=1e3", "dearer=.", "failed=perhaps", "cursor=bad", "usr=ann", "since=never", "user=%00", "user=%ff", "user=%zz"} {
		consoletest.Fails(t, api.Ask("GET", "/api/v1/exchanges?"+query, nil), console.BadRequest)
	}
	consoletest.Fails(t, api.Ask("GET", "/api/v1/exchanges/tail?since=1h", nil), console.BadRequest)
	consoletest.Fails(t, api.Ask("GET", "/api/v1/exchanges/%00", nil), console.BadRequest)
}

func TestTraces(t *testing.T) {
	_, api := serve(t)
	if e := consoletest.Want[journal.Exchange](t, api.Ask("GET", "/api/v1/exchanges/x%2Fy", nil), 200); e.Exchange != "x/y" {
		t.Errorf("%+v", e)
	}
	consoletest.Fails(t, api.Ask("GET", "/api/v1/exchanges/y", nil), exchanges.Unknown)
}

// TestTailWaits holds that without a cursor it answers at once, and else when something came.
func TestTailWaits(t *testing.T) {
	k, api := serve(t)
	want := func(query string, want journal.Page, calls int) {
		t.Helper()
		got := consoletest.Want[journal.Page](t, api.Ask("GET", "/api/v1/exchanges/tail"+query, nil), 200)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(journal.Exchange{})); diff != "" || k.calls != calls {
			t.Errorf("%d calls, want %d (-want +got):\n%s", k.calls, calls, diff)
		}
	}
	want("", journal.Page{Exchanges: []journal.Exchange{}, Next: "+"}, 1)
	want("?cursor=c&user=ann", journal.Page{Exchanges: []journal.Exchange{{Exchange: "x"}}, Next: "c++"}, 3)
}
