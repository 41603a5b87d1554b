package limit_test

import (
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

const shared = `
tiers: {t: {rpm: 3}, shadow: {rpm: 1, mode: shadow}}
teams: {search: {rpm: 4}}
features: {summaries: {rpm: 1}}
anonymous_tier: t
`

// TestWhoSharesAQuota counts how many requests pass of callers who take turns.
func TestWhoSharesAQuota(t *testing.T) {
	key := func(name, user, team, tier string) exchange.Caller {
		return exchange.Caller{Name: name, User: user, Team: team, Tier: tier}
	}
	hop := func(name, user, team, tier string) exchange.Caller {
		return exchange.Caller{Name: name, User: user, Team: team, Tier: tier, Hop: true}
	}
	own := exchange.Caller{Name: "own", Quota: exchange.Quota{RPM: 2}}
	ownTiered := exchange.Caller{Name: "own", Tier: "t", Quota: exchange.Quota{RPM: 2}}
	for name, c := range map[string]struct {
		callers []exchange.Caller
		model   string
		want    int
	}{
		"two keys":                           {[]exchange.Caller{key("a", "", "", "t"), key("b", "", "", "t")}, "m", 6},
		"two keys of one user":               {[]exchange.Caller{key("a", "ann", "", "t"), key("b", "ann", "", "t")}, "m", 3},
		"keys of a user in two tiers":        {[]exchange.Caller{key("a", "ann", "", "t"), key("b", "ann", "", "shadow")}, "m", 3 + 10},
		"a key called as a user":             {[]exchange.Caller{key("ann", "", "", "t"), key("b", "ann", "", "t")}, "m", 6},
		"a team":                             {[]exchange.Caller{key("a", "", "search", ""), key("b", "", "search", "")}, "m", 4},
		"a team, and a tier in it":           {[]exchange.Caller{key("a", "", "search", "t"), key("b", "", "", "t")}, "m", 6},
		"an unbounded team":                  {[]exchange.Caller{key("a", "", "else", "t"), key("b", "", "else", "t")}, "m", 6},
		"a quota of a key":                   {[]exchange.Caller{own}, "m", 2},
		"a quota of a key beside its tier's": {[]exchange.Caller{ownTiered}, "m", 2},
		"without a key":                      {[]exchange.Caller{{Tier: "t"}, {Tier: "t"}}, "m", 3},
		"a hop's callers":                    {[]exchange.Caller{hop("a", "", "", "t"), hop("b", "", "", "t")}, "m", 6},
		"a hop's callers of one user":        {[]exchange.Caller{hop("a", "ann", "", "t"), hop("b", "ann", "", "t")}, "m", 3},
		"a hop's caller called as its user":  {[]exchange.Caller{hop("ann", "", "", "t"), hop("b", "ann", "", "t")}, "m", 6},
		"a hop's caller called as a key":     {[]exchange.Caller{hop("a", "", "", "t"), key("a", "", "", "t")}, "m", 6},
		"a hop's user called as a key's":     {[]exchange.Caller{hop("a", "ann", "", "t"), key("a", "ann", "", "t")}, "m", 6},
		"a hop's caller as a key of a team":  {[]exchange.Caller{hop("a", "", "else", "t"), key("a", "", "else", "t")}, "m", 6},
		"a hop's caller as a key in a model": {[]exchange.Caller{hop("a", "", "", ""), key("a", "", "", "")}, "bounded", 4},
		"a hop's caller as the key of words": {[]exchange.Caller{hop("a", "", "", "t"), key("", "hop caller a", "", "t"), {Name: "hop caller a", Tier: "t"}}, "m", 9},
		"a team, as a hop and a key say":     {[]exchange.Caller{hop("a", "", "search", ""), key("b", "", "search", "")}, "m", 4},
		"a shadow":                           {[]exchange.Caller{key("a", "", "", "shadow")}, "m", 10},
		"a model, two keys":                  {[]exchange.Caller{key("a", "", "", ""), key("b", "", "", "")}, "bounded", 4},
		"a model, two keys of a team":        {[]exchange.Caller{key("a", "", "else", ""), key("b", "", "else", "")}, "bounded", 2},
		"a key called as its model":          {[]exchange.Caller{{Name: "bounded", Quota: exchange.Quota{RPM: 2}}}, "bounded", 2},
		"no quota":                           {[]exchange.Caller{key("a", "", "", "")}, "m", 10},
	} {
		r := newRig(t, shared)
		passed := 0
		for range 10 {
			for _, who := range c.callers {
				a := r.ask(who, c.model, "")
				if a.verdict.Action == exchange.Pass {
					passed++
					a.answered(1, 1, 1)
				}
			}
		}
		if passed != c.want {
			t.Errorf("%s: %d passed, want %d", name, passed, c.want)
		}
	}
}

// TestAFeatureIsBoundedPerTeam holds so, and that a team which a request names is nobody's.
func TestAFeatureIsBoundedPerTeam(t *testing.T) {
	r := newRig(t, shared)
	ask := func(who exchange.Caller, headers ...string) *asked {
		ex := r.exchange("openai", who, "m", "")
		for i := 0; i+1 < len(headers); i += 2 {
			ex.Request.Headers = append(ex.Request.Headers, exchange.Header{Name: headers[i], Value: []byte(headers[i+1])})
		}
		return r.join(ex)
	}
	a, b := exchange.Caller{Name: "a"}, exchange.Caller{Name: "b", Team: "search"}
	r.wants(ask(a, "x-headgate-feature", "summaries"), 0, "", 0)
	r.wants(ask(a, "x-headgate-feature", "summaries"), 429, exchange.ReasonLimit, time.Minute)
	r.wants(ask(a, "x-headgate-feature", "summaries", "x-headgate-team", "search"), 429, exchange.ReasonLimit, time.Minute)
	r.wants(ask(b, "x-headgate-feature", "summaries"), 0, "", 0)
	for range 3 {
		r.wants(ask(a, "x-headgate-team", "search"), 0, "", 0)
		r.wants(ask(b), 0, "", 0)
	}
	r.wants(ask(b), 429, exchange.ReasonLimit, 15*time.Second)
	r.wants(ask(a, "x-headgate-team", "search"), 0, "", 0)
}

// TestAKeyOfAnUnknownTierIsRefused holds that no tier is not every tier.
func TestAKeyOfAnUnknownTierIsRefused(t *testing.T) {
	r := newRig(t, shared)
	r.wants(r.ask(exchange.Caller{Name: "a", Tier: "gold"}, "m", ""), 403, exchange.ReasonTier, 0)
	r.wants(r.ask(exchange.Caller{Name: "a", Tier: "gold", Hop: true}, "m", ""), 403, exchange.ReasonTier, 0)
}

// TestBalancesOutliveAPolicy holds that a change of the policy gives nothing back, and that a
// new bound counts at once.
func TestBalancesOutliveAPolicy(t *testing.T) {
	r := newRig(t, seed)
	for range 10 {
		r.wants(r.ask(ann, "m", ""), 0, "", 0)
	}
	r.use(seed + "timezone: Europe/Berlin\n")
	r.wants(r.ask(ann, "m", ""), 429, exchange.ReasonLimit, 6*time.Second)
}

// TestDaysAndMonthsBeginInTheTimezone holds so.
func TestDaysAndMonthsBeginInTheTimezone(t *testing.T) {
	r := newRig(t, "timezone: Europe/Berlin\ntiers: {t: {usd_per_day: 0.001, usd_per_month: 0.002}}\n")
	r.now = time.Date(2026, 6, 29, 21, 0, 0, 0, time.UTC) // 23:00 there
	who := exchange.Caller{Name: "a", Tier: "t"}
	spend := func() { r.ask(who, "m", `,"max_tokens":1`).answered(1, 1, 1_000_000) }
	spend()
	r.wants(r.ask(who, "m", `,"max_tokens":1`), 429, exchange.ReasonBudget, time.Hour)
	r.now = r.now.Add(time.Hour)
	spend()
	r.wants(r.ask(who, "m", `,"max_tokens":1`), 429, exchange.ReasonBudget, 24*time.Hour)
	r.now = r.now.Add(24 * time.Hour)
	r.wants(r.ask(who, "m", `,"max_tokens":1`), 0, "", 0)
}

// TestAListOfModelsTakesNothing holds so, and that it says what is left.
func TestAListOfModelsTakesNothing(t *testing.T) {
	r := newRig(t, seed)
	for range 3 {
		r.ask(ann, "m", "").answered(1, 1, 1)
	}
	for range 30 {
		ex := r.exchange("openai", ann, "m", "")
		ex.Model, ex.Request.Operation = "", exchange.Models
		a := r.join(ex)
		r.wants(a, 0, "", 0)
		a.Respond(200, "{}")
		if got := string(ex.Response.Out.Set.Get("x-ratelimit-remaining-requests")); got != "7" {
			t.Fatalf("%q requests are left", got)
		}
		a.End(exchange.Outcome{Result: exchange.OK})
	}
}
