package guards_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/guards"
	"github.com/headgate/headgate/xds/journal"
)

var now = time.Date(2026, 6, 30, 12, 30, 0, 0, time.UTC)

// kept is a journal that keeps what it is asked.
type kept struct{ asked journal.GuardQuestion }

func (k *kept) Guards(_ context.Context, q journal.GuardQuestion) (*journal.GuardSums, error) {
	k.asked = q
	return &journal.GuardSums{Since: q.Since.Truncate(time.Hour), Guards: []journal.GuardSum{{Guard: "cards"}}}, nil
}

// TestQuestions holds what is asked of the journal, and that the answer names its span.
func TestQuestions(t *testing.T) {
	for asked, want := range map[guards.Asked]journal.GuardQuestion{
		{}:                            {Since: now.Add(-24 * time.Hour)},
		{Since: "2h", Mode: "shadow"}: {Since: now.Add(-2 * time.Hour), Modes: []string{"shadow"}},
		{In: "2026-06-01"}:            {Since: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC)},
	} {
		k := &kept{}
		api := consoletest.Mounted(t, guards.Prefix, guards.Routes(k, func() time.Time { return now }))
		got := consoletest.Want[guards.Report](t, api.Ask("GET", "/api/v1/guards?"+asked.Query(), nil), 200)
		if diff := cmp.Diff(want, k.asked); diff != "" {
			t.Errorf("%+v (-want +asked):\n%s", asked, diff)
		}
		if want := (guards.Report{Since: want.Since.Truncate(time.Hour), Until: now, Guards: []journal.GuardSum{{Guard: "cards"}}}); !cmp.Equal(got, want) {
			t.Errorf("%+v: answered %+v", asked, got)
		}
	}
}

// TestWhatCannotBeMeant holds that nothing is guessed.
func TestWhatCannotBeMeant(t *testing.T) {
	api := consoletest.Mounted(t, guards.Prefix, guards.Routes(&kept{}, func() time.Time { return now }))
	for _, q := range []url.Values{{"mode": {"off"}}, {"mode": {"shadow", ""}}, {"guard": {"cards"}}, {"since": {"never"}}, {"in": {"2026-06"}, "since": {"1h"}}} {
		consoletest.Fails(t, api.Ask("GET", "/api/v1/guards?"+q.Encode(), nil), console.BadRequest)
	}
}
