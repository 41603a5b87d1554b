package advice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestExplain holds the worst cases against figures that were worked out by hand,
// with 250 ms between two attempts. Inside a JSON answer Envoy waits idle_timeout, or
// what the chain may take with 1 s more for each connection, and 100 ms.
func TestExplain(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name, model string
		attempts    int
		begins      time.Duration
		silence     time.Duration
		reached     []time.Duration
		sooner      []string
	}{
		{"in short: three attempts of 30s, two pauses", `gpt/g`, 3, 90_500 * ms, 93_600 * ms, []time.Duration{0}, []string{"retries: 0 makes that 30s", "each second less of timeout takes off 3s"}},
		{"one attempt has no pause", `{chain: [gpt/g], retries: 0, timeout: 7s}`, 1, 7_000 * ms, 60_000 * ms, []time.Duration{0}, []string{"each second less of timeout takes off 1s"}},
		{"patience within a response", `{chain: [gpt/g], retries: 0, timeout: 1s, idle_timeout: 3s}`, 1, 1_000 * ms, 3_000 * ms, []time.Duration{0}, []string{"each second less of timeout takes off 1s"}},
		{"no less than ext_proc may take", `{chain: [gpt/g], retries: 0, timeout: 10ms, idle_timeout: 10ms}`, 1, 10 * ms, 2_100 * ms, []time.Duration{0}, []string{"each second less of timeout takes off 1s"}},
		{"three links: nine attempts, eight pauses", `{chain: [claude/c, gpt/g, deepseek/d], retries: 2, timeout: 30s}`, 9, 272_000 * ms, 281_100 * ms,
			[]time.Duration{0, 90_750 * ms, 181_500 * ms}, []string{"retries: 0 makes that 1m30.5s", "each second less of timeout takes off 9s"}},
		{"uses of a link share its attempts", `{chain: [[{use: claude/c}, {use: gpt/g}], deepseek/d], retries: 1, timeout: 10s}`, 4, 40_750 * ms, 60_000 * ms,
			[]time.Duration{0, 20_500 * ms}, []string{"retries: 0 makes that 30.5s", "each second less of timeout takes off 4s"}},
		{"the first token is waited for longer", `{chain: [claude/c, gpt/g], retries: 0, timeout: 5s, first_token: 8s}`, 2, 16_250 * ms, 60_000 * ms,
			[]time.Duration{0, 8_250 * ms}, []string{"each second less of first_token takes off 2s"}},
		{"the longest", `{chain: [gpt/a, gpt/b, gpt/c, gpt/d, gpt/e, gpt/f, gpt/g, gpt/h], retries: 5, timeout: 1h}`, 48, 48*time.Hour + 11_750*ms, 48*time.Hour + 59_850*ms,
			[]time.Duration{0, 6*time.Hour + 1500*ms, 12*time.Hour + 3000*ms, 18*time.Hour + 4500*ms, 24*time.Hour + 6000*ms, 30*time.Hour + 7500*ms, 36*time.Hour + 9000*ms, 42*time.Hour + 10500*ms}, []string{"retries: 0 makes that 8h0m1.75s", "each second less of timeout takes off 48s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := parse(t, c.model)
			m := set.Models["m"]
			want := Chain{Model: "m", Retries: m.Retries, Timeout: m.Timeout, Attempts: c.attempts, Begins: c.begins, Worst: c.begins + c.silence, Sooner: c.sooner}
			for i, r := range c.reached {
				want.Links = append(want.Links, Link{Uses: m.Chain[i].Uses, Reached: r})
			}
			if diff := cmp.Diff([]Chain{want}, Explain(set)); diff != "" {
				t.Errorf("chains differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTotalBoundsTheWorst holds that no answer takes longer than the policy lets it.
func TestTotalBoundsTheWorst(t *testing.T) {
	for total, want := range map[string][2]time.Duration{
		"1s": {time.Second, time.Second}, "25s": {20_250 * time.Millisecond, 25 * time.Second},
		"24h": {20_250 * time.Millisecond, 80_250 * time.Millisecond},
	} {
		c := Explain(parse(t, `{chain: [gpt/g], retries: 1, timeout: 10s, total: `+total+`}`))[0]
		if got := [2]time.Duration{c.Begins, c.Worst}; got != want {
			t.Errorf("total %s: %v, want %v", total, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", 10 * time.Second: "10s", 10 * time.Minute: "10m", time.Hour: "1h",
		20 * time.Hour: "20h", 90 * time.Minute: "1h30m", 90_750 * time.Millisecond: "1m30.75s",
		time.Hour + time.Second: "1h0m1s", 250 * time.Millisecond: "250ms",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}
