package crash

import (
	"database/sql"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// cost is what is consumed by all requests of a seed.
type cost struct {
	Requests int64
	Tokens   sim.Usage
	Nano     int64 `json:"cost_nano_usd"`

	Estimated     int64
	EstimatedNano int64 `json:"estimated_nano_usd"`
}

// checkCosts holds that headgate cost, which adds up rollups, says what the rows say.
func checkCosts(t *testing.T, db *sql.DB, o *gatewaytest.Operator) {
	t.Helper()
	rows, err := journalOf(db)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]cost{}
	for i := range rows {
		r := &rows[i]
		c := want[r.feature]
		if r.kind == "call" {
			c.Requests++
		}
		if r.source == "estimated" {
			c.Estimated++
			c.EstimatedNano += r.cost
		}
		c.Nano += r.cost
		c.Tokens = sum(c.Tokens, r.tokens)
		want[r.feature] = c
	}
	delete(want, "") // what ext_proc has not seen has none, and neither has what the test itself asks
	var report struct {
		Rows []struct {
			Feature string
			cost
		}
	}
	if err := json.Unmarshal([]byte(o.Says(0, []string{"cost", "--by", "feature", "--since", "24h", "-o", "json"})), &report); err != nil {
		t.Fatal(err)
	}
	got := map[string]cost{}
	for _, r := range report.Rows {
		if r.Feature != "" {
			got[r.Feature] = r.cost
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headgate cost differs from the rows: %s", diff)
	}
	checkList(t, rows, o)
}

// checkList holds that headgate exchanges lists each exchange once, page by page.
func checkList(t *testing.T, rows []row, o *gatewaytest.Operator) {
	t.Helper()
	listed := map[string]int{}
	for cursor := []string(nil); ; {
		var page struct {
			Exchanges []struct{ Exchange string }
			Next      string
		}
		args := append([]string{"exchanges", "--operation", "chat", "--limit", "300", "-o", "json"}, cursor...)
		if err := json.Unmarshal([]byte(o.Says(0, args)), &page); err != nil {
			t.Fatal(err)
		}
		for _, x := range page.Exchanges {
			listed[x.Exchange]++
		}
		if page.Next == "" {
			break
		}
		cursor = []string{"--cursor", page.Next}
	}
	want := map[string]int{}
	for i := range rows {
		if rows[i].kind == "call" {
			want[rows[i].exchange] = 1
		}
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("headgate exchanges differs from the rows: %s", diff)
	}
}

func sum(a, b sim.Usage) sim.Usage {
	return sim.Usage{
		Input: a.Input + b.Input, CacheRead: a.CacheRead + b.CacheRead, CacheWrite5m: a.CacheWrite5m + b.CacheWrite5m,
		CacheWrite1h: a.CacheWrite1h + b.CacheWrite1h, AudioInput: a.AudioInput + b.AudioInput,
		Output: a.Output + b.Output, Reasoning: a.Reasoning + b.Reasoning, AudioOutput: a.AudioOutput + b.AudioOutput,
	}
}
