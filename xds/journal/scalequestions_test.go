package journal

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// asking makes the questions to a large journal.
type asking struct {
	journal *Journal
	now     time.Time
	all     []scaled
}

func questions(j *Journal, now time.Time) []scaled {
	a := &asking{journal: j, now: now}
	a.costs()
	a.common()
	a.rare()
	return a.all
}

func (a *asking) add(name string, bound time.Duration, ask func(context.Context) error) {
	a.all = append(a.all, scaled{name, bound, ask})
}

func (a *asking) cost(by string, span time.Duration, only map[string][]string, latency bool) {
	q := Question{By: strings.Split(by, ","), Since: a.now.Add(-span), Only: only, Latency: latency}
	name := fmt.Sprintf("cost --by %s --since %.0fh", by, span.Hours())
	if only != nil {
		name += fmt.Sprint(" --only ", only)
	}
	if latency {
		name += " --latency"
	}
	a.add(name, time.Second, func(ctx context.Context) error {
		_, err := a.journal.Costs(ctx, q)
		return err
	})
}

func (a *asking) costs() {
	a.cost("user,model", time.Hour, nil, false)
	a.cost("user,model", 24*time.Hour, nil, false)
	a.cost("model", 24*time.Hour, nil, true)
	a.cost("hour", 7*24*time.Hour, nil, false)
	a.cost("team", 30*24*time.Hour, nil, false)
	a.cost("user", 30*24*time.Hour, nil, false)
	a.cost("feature", 30*24*time.Hour, is("team", "team3"), false)
	a.cost("provider,backend", 30*24*time.Hour, nil, false)
	a.cost("day", scaleDays*24*time.Hour, nil, false)
	a.cost("month", scaleDays*24*time.Hour, is("model", "model2"), false)
	a.cost("model", 24*time.Hour+17*time.Minute, nil, false) // cuts an hour
}

// page asks for the first page and for the next one.
func (a *asking) page(name string, f Filter) {
	const bound = 200 * time.Millisecond
	next := ""
	a.add("exchanges "+name, bound, func(ctx context.Context) error {
		p, err := a.journal.Exchanges(ctx, f, "", 50)
		if err == nil {
			next = p.Next
		}
		return err
	})
	a.add("  the next page", bound, func(ctx context.Context) error {
		_, err := a.journal.Exchanges(ctx, f, next, 50)
		return err
	})
}

// pages asks for every page, too.
func (a *asking) pages(name string, f Filter) {
	a.page(name, f)
	a.add("  every page", time.Second, func(ctx context.Context) error {
		for next := ""; ; {
			p, err := a.journal.Exchanges(ctx, f, next, 50)
			if err != nil || p.Next == "" {
				return err
			}
			next = p.Next
		}
	})
}

func (a *asking) common() {
	month := a.now.Add(-720 * time.Hour)
	a.page("", Filter{})
	a.page("of an hour, a month ago", Filter{Since: month, Until: month.Add(time.Hour)})
	a.page("before a month ago", Filter{Until: month})
	a.page("--user user7", Filter{Is: is("user", "user7")})
	a.page("--user user7 --user user8", Filter{Is: is("user", "user7", "user8")})
	a.page("--model model3", Filter{Is: is("model", "model3")})
	a.page("--failed", Filter{Failed: true})
	a.page("--failed-by client", Filter{Is: is("failed_by", "client")})
	a.page("--failed-by client, before a month ago", Filter{Is: is("failed_by", "client"), Until: month})
	a.page("--outcome refused", Filter{Is: is("outcome", "refused")})
	a.page("--status 5xx", Filter{Statuses: [][2]int{{500, 599}}})
	a.page("--slower 19s", Filter{Slower: 19 * time.Second})
	a.page("--dearer 0.009", Filter{Dearer: 9e6})
	a.page("--estimated", Filter{Estimated: true})
	a.page("--cache hit", Filter{Is: is("cache", "hit")})
	a.page("--estimated --model model3", Filter{Estimated: true, Is: is("model", "model3")})
}

// rare asks for what three rows of ten million have, for what none has, and for two values that
// each hour has, but no row together.
func (a *asking) rare() {
	for _, field := range []string{"user", "team", "feature", "session", "model", "backend"} {
		a.pages("--"+field+" rare", Filter{Is: is(field, "rare")})
		a.pages("--"+field+" none", Filter{Is: is(field, "none")})
	}
	a.pages("--outcome deadline", Filter{Is: is("outcome", "deadline")})
	a.pages("--cache verified", Filter{Is: is("cache", "verified")})
	a.pages("--failed-by gateway", Filter{Is: is("failed_by", "gateway")})
	a.pages("--status 504", Filter{Statuses: [][2]int{{504, 504}}})
	a.pages("--slower 1m", Filter{Slower: time.Minute})
	a.pages("--dearer 1", Filter{Dearer: 1e9})
	a.pages("--dearer 1000", Filter{Dearer: 1e12})
	a.pages("--unpriced", Filter{Unpriced: true})
	a.pages("--estimated --outcome deadline", Filter{Estimated: true, Is: is("outcome", "deadline")})
	a.page("--user user7 --backend backend3", Filter{Is: map[string][]string{"user": {"user7"}, "backend": {"backend3"}}})
	a.page("--failed-by client --status 503", Filter{Is: is("failed_by", "client"), Statuses: [][2]int{{503, 503}}})
	a.page("--team team1 --user user2", Filter{Is: map[string][]string{"team": {"team1"}, "user": {"user2"}}})
	a.page("--backend backend0 --model model1", Filter{Is: map[string][]string{"backend": {"backend0"}, "model": {"model1"}}})
}

func is(field string, values ...string) map[string][]string {
	return map[string][]string{field: values}
}
