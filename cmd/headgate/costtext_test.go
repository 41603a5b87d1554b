package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/journal"
)

func someCosts() *costs.Report {
	by := []string{"user", "model"}
	row := func(user string, c journal.Cost) costs.Row {
		return costs.Row{By: by, Of: []string{user, "m"}, Cost: c}
	}
	one := journal.Cost{Requests: 2, Failed: journal.Failed{Client: 1}, Nano: 1_500_000, Tokens: journal.Tokens{
		Input: 1, CacheRead: 2, CacheWrite5m: 4, CacheWrite1h: 8, AudioInput: 16, Output: 32, Reasoning: 64, AudioOutput: 128}}
	return &costs.Report{By: by, More: 3, Total: one, Rows: []costs.Row{
		row("=1+1", one), row("\x1b[2J\u202e", one), row(strings.Repeat("é", 60), one), row("", one), row("a,\"b\"\n", one), row("@x", journal.Cost{}),
	}}
}

func TestCostsAsATable(t *testing.T) {
	var b strings.Builder
	r := someCosts()
	if err := printCosts(&b, r); err != nil {
		t.Fatal(err)
	}
	want := `USER                                              MODEL  REQUESTS  FAILED  INPUT  CACHED  WRITTEN  OUTPUT  COST_USD
=1+1                                              m      2         1       17     2       12       224     0.0015
\x1b[2J\u202e                                     m      2         1       17     2       12       224     0.0015
` + strings.Repeat("é", 47) + `…  m      2         1       17     2       12       224     0.0015
-                                                 m      2         1       17     2       12       224     0.0015
a,"b"\n                                           m      2         1       17     2       12       224     0.0015
@x                                                m      0         0       0      0       0        0       0
TOTAL                                                    2         1       17     2       12       224     0.0015
(3 more are in the total)
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.Reset()
	r.Total.Estimated, r.Total.EstimatedNano, r.Total.Saved, r.Total.Unpriced, r.Total.Duration, r.Total.FirstToken = 1, 2, 3, 4, &journal.Latency{}, &journal.Latency{}
	r.Rows = nil
	if err := printCosts(&b, r); err != nil || !strings.Contains(b.String(), "SAVED_USD    UNPRICED  ESTIMATED  ESTIMATED_USD  FIRST_TOKEN_P50") {
		t.Errorf("%v: %s", err, b.String())
	}
}

// TestCostsHaveTheHitRate holds that it is shown if an answer was looked for, unless lines are by
// backend or provider, which hits do not have.
func TestCostsHaveTheHitRate(t *testing.T) {
	for by, want := range map[string]string{
		"user": "COST_USD  SAVED_USD    HIT_RATE\n", "model": "COST_USD  SAVED_USD    HIT_RATE\n", "backend": "COST_USD  SAVED_USD\n", "provider": "COST_USD  SAVED_USD\n",
	} {
		r := &costs.Report{By: []string{by}, Total: journal.Cost{Saved: 5, Lookups: 3, Hits: 1}, Rows: []costs.Row{
			{Of: []string{"a"}, Cost: journal.Cost{Saved: 5, Lookups: 3, Hits: 1}}, {Of: []string{"b"}},
		}}
		var b strings.Builder
		if err := printCosts(&b, r); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("by %s: %v, %s", by, err, b.String())
		}
		if rate := regexp.MustCompile(`(?m)^a .*33\.3%$`).MatchString(b.String()); rate != strings.Contains(want, "HIT_RATE") {
			t.Errorf("by %s: %s", by, b.String())
		}
	}
}

func TestCostsAsCSV(t *testing.T) {
	var b strings.Builder
	if err := printCostsAsCSV(&b, someCosts()); err != nil {
		t.Fatal(err)
	}
	const sums = ",m,2,1,0,0,0,1,2,4,8,16,32,64,128,0,0.0015,0,0,0,0,0,0\n"
	want := "user,model,requests,failed_client,failed_gateway,failed_provider,failed_unknown,input,cache_read,cache_write_5m,cache_write_1h," +
		"audio_input,output,reasoning,audio_output,searches,cost_usd,saved_usd,unpriced,estimated,estimated_usd,cache_lookups,cache_hits\n" +
		"'=1+1" + sums + "\x1b[2J\u202e" + sums + strings.Repeat("é", 60) + sums + sums + "\"a,\"\"b\"\"\n\"" + sums +
		"'@x,m" + strings.Repeat(",0", 21) + "\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
