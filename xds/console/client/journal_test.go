package client_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/store/storetest"
)

// TestJournalCalls holds that what the journal answers is read as the API has it.
func TestJournalCalls(t *testing.T) {
	j := journal.In(storetest.SQLite(t))
	api := console.New(console.Options{Who: consoletest.Anyone})
	api.Mount(costs.Prefix, costs.Routes(j, time.Now))
	api.Mount(exchanges.Prefix, exchanges.Routes(j, time.Now))
	c, ctx := client.New(strings.TrimPrefix(consoletest.Serve(t, api).URL, "http://"), ""), t.Context()
	start := must(c.Tail(ctx, &exchanges.Asked{}))(t)
	row := &policypb.Row{Exchange: ulid.Make().String(), User: "a,b \"ü\"", Route: "m", Outcome: "ok", Status: 200, CostNanoUsd: new(int64(7))}
	if err := j.Write(ctx, []*policypb.Row{row}); err != nil {
		t.Fatal(err)
	}
	asked := &costs.Asked{By: []string{"user", "hour"}, Only: map[string][]string{"user": {row.User}}, Since: "1h", Top: 5, Latency: true}
	sums := must(c.Costs(ctx, asked))(t)
	if len(sums.Rows) != 1 || sums.Rows[0].Of[0] != row.User || sums.Rows[0].Nano != 7 || sums.Total.Requests != 1 || sums.Total.Duration == nil {
		t.Errorf("the costs are %+v", sums)
	}
	var got []string
	listed := &exchanges.Asked{Is: map[string][]string{"user": {row.User}, "status": {"2xx"}}, Since: "1h", Limit: 1}
	got = append(got, must(c.Exchanges(ctx, listed))(t).Exchanges[0].Exchange,
		must(c.Tail(ctx, &exchanges.Asked{Cursor: start.Next}))(t).Exchanges[0].Exchange, must(c.Trace(ctx, row.Exchange))(t).Exchange)
	if diff := cmp.Diff([]string{row.Exchange, row.Exchange, row.Exchange}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, id := range []string{"none", "../x", "a/b", "%2e"} {
		if _, err := c.Trace(ctx, id); !errors.Is(err, exchanges.Unknown) {
			t.Errorf("%q: %v", id, err)
		}
	}
}
