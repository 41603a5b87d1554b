package costs_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/journal"
)

var now = time.Date(2026, 6, 30, 12, 30, 0, 0, time.UTC)

// asked is a journal that keeps what it is asked, and has three lines.
type asked struct{ question journal.Question }

func (a *asked) Costs(_ context.Context, q journal.Question) (*journal.Costs, error) {
	a.question = q
	line := func(user string, nano int64) journal.Line {
		return journal.Line{Of: []string{user, "m"}[:len(q.By)], Cost: journal.Cost{Requests: 1, Nano: nano}}
	}
	return &journal.Costs{Since: q.Since, Until: q.Until, Total: journal.Cost{Requests: 3, Nano: 6},
		Lines: []journal.Line{line("ann", 1), line("eve", 3), line(`"zoë"`, 2)}}, nil
}

func serve(t *testing.T) (*asked, consoletest.API) {
	a := &asked{}
	return a, consoletest.Mounted(t, costs.Prefix, costs.Routes(a, func() time.Time { return now }))
}

func TestQuestions(t *testing.T) {
	a, api := serve(t)
	day := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for query, want := range map[string]journal.Question{
		"":                                  {Since: now.Add(-24 * time.Hour)},
		"?by=user,model&since=1h":           {By: []string{"user", "model"}, Since: now.Add(-time.Hour)},
		"?by=day&by=team&since=7d&until=1d": {By: []string{"day", "team"}, Since: now.AddDate(0, 0, -7), Until: now.AddDate(0, 0, -1)},
		"?in=2026-06-01&latency=true":       {Since: day, Until: day.AddDate(0, 0, 1), Latency: true},
		"?in=2026-06":                       {Since: day, Until: day.AddDate(0, 1, 0)},
		"?since=2026-06&until=2026-06-02T03:04:05%2B01:00": {Since: day, Until: time.Date(2026, 6, 2, 2, 4, 5, 0, time.UTC)},
		"?model=a&model=b&team=&since=0s":                  {Since: now, Only: map[string][]string{"model": {"a", "b"}, "team": {""}}},
	} {
		if got := api.Ask("GET", "/api/v1/costs"+query, nil); got.Status != 200 {
			t.Errorf("%s: %d %s", query, got.Status, got.Body)
			continue
		}
		if want.Only == nil {
			want.Only = map[string][]string{}
		}
		if diff := cmp.Diff(want, a.question, cmp.Comparer(time.Time.Equal)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestWhatCannotBeMeant(t *testing.T) {
	_, api := serve(t)
	for _, query := range []string{"by=username", "by=user,user", "since=yesterday", "since=-1h", "since=1969-01-01", "until=25h", "in=1h", "in=2026-06&since=1h",
		"since=2026-06-02&until=2026-06-02", "top=0", "top=x", "latency=maybe", "usr=ann", "hour=3", "since=99999d", "until=9999-01-01", "in=2201-01", "in=2026-13"} {
		consoletest.Fails(t, api.Ask("GET", "/api/v1/costs?"+query, nil), console.BadRequest)
	}
}

// TestReports holds that programs get keys that stay, and that a client reads all of them.
func TestReports(t *testing.T) {
	_, api := serve(t)
	const sums = `"requests":%,"failed":{"client":0,"gateway":0,"provider":0,"unknown":0},"tokens":{"input":0,"cache_read":0,"cache_write_5m":0,"cache_write_1h":0,"audio_input":0,"output":0,"reasoning":0,"audio_output":0},"searches":0,"cost_nano_usd":$,"saved_nano_usd":0,"unpriced":0,"estimated":0,"estimated_nano_usd":0,"cache_lookups":0,"cache_hits":0`
	of := func(requests, nano string) string { return strings.NewReplacer("%", requests, "$", nano).Replace(sums) }
	const head = `{"since":"2026-06-30T11:30:00Z","until":"2026-06-30T12:30:00Z","by":`
	for query, want := range map[string]string{
		"?since=1h&top=2&by=user,model": head + `["user","model"],"rows":[{"user":"eve","model":"m",` + of("1", "3") + `},{"user":"\"zoë\"","model":"m",` + of("1", "2") + `}],"more":1,"total":{` + of("3", "6") + "}}\n",
		"?since=1h":                     head + `[],"rows":[],"more":0,"total":{` + of("3", "6") + "}}\n",
	} {
		got := api.Ask("GET", "/api/v1/costs"+query, nil)
		if diff := cmp.Diff(want, string(got.Body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
		var r costs.Report
		if err := json.Unmarshal(got.Body, &r); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(r); err != nil || !cmp.Equal(compact(t, again), compact(t, got.Body)) {
			t.Errorf("%s is read as %s (%v)", got.Body, again, err)
		}
	}
}

func compact(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
