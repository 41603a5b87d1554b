package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/journal"
)

// printTrace prints an exchange, and its waterfall.
func printTrace(w io.Writer, e *journal.Exchange) error {
	for _, l := range aboutOf(e) {
		if l[1] != "" {
			if _, err := fmt.Fprintf(w, "%-9s %s\n", l[0], clean(l[1])); err != nil {
				return err
			}
		}
	}
	if err := printGuards(w, e.Guards); err != nil {
		return err
	}
	var rows [][]string
	for _, s := range spansOf(e) {
		rows = append(rows, []string{clean(s.name), inMillis(s.began), inMillis(s.took), orDash(s.note), s.bar(e.DurationMS)})
	}
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	return printTable(w, "SPAN BEGAN TOOK NOTE WATERFALL", rows)
}

// aboutOf are the lines of what is known of an exchange, with their heads.
func aboutOf(e *journal.Exchange) [][2]string {
	outcome := fmt.Sprintf("%s, status %d, in %s", e.Outcome, e.Status, inMillis(e.DurationMS))
	switch {
	case e.Outcome == "blocked":
		outcome += ", for what the " + e.FailedBy + " said"
	case e.FailedBy != "":
		outcome += ", failed by " + e.FailedBy
	}
	served := ""
	if e.Backend != "" {
		served = fmt.Sprintf("%s of %s (%s)", e.Served, e.Backend, cmp.Or(e.Provider, "-"))
	}
	if e.Cache.Given() {
		served = strings.TrimSpace(e.Served + " from the cache")
	}
	t := &e.Tokens
	in, out := inAndOut(t)
	tokens := fmt.Sprintf("%d in (%d cached, %d written to a cache), %d out (%d of reasoning)", in, t.CacheRead, t.CacheWrite5m+t.CacheWrite1h, out, t.Reasoning)
	if e.UsageSource != "" {
		tokens += ", " + e.UsageSource
	}
	return [][2]string{
		{"exchange", e.Exchange}, {"opened as", e.OpenedAs}, {"parent", e.Parent}, {"began", e.Time.UTC().Format("2006-01-02T15:04:05.000Z")},
		{"outcome", outcome}, {"reason", e.Reason}, {"detail", e.Detail}, {"limit", e.Limit}, {"retry", retryOf(e)}, {"provider", saidBy(e.Error)}, {"finish", e.Finish},
		{"asked", strings.TrimSpace(e.Dialect + " " + e.Operation + " for " + cmp.Or(e.Asked, "-") + policyModel(e))},
		{"path", strings.TrimSpace(e.Method + " " + e.Path)}, {"ids", strings.Join(e.RequestIDs, ", ")}, {"trace", e.Traceparent}, {"agent", e.UserAgent}, {"address", e.Address},
		{"caller", e.Caller}, {"tier", e.Tier}, {"user", e.User}, {"team", e.Team}, {"feature", e.Feature}, {"session", e.Session}, {"tags", strings.Join(e.Tags, ", ")},
		{"served", served}, {"response", e.Response}, {"request", e.Request}, {"dropped", strings.Join(e.Dropped, ", ")}, {"cache", cacheLine(e.Cache)},
		{"tokens", tokens}, {"cost", costOf(e) + " USD" + ofAttempts(e)}, {"price", e.Price}, {"policy", e.Revision},
	}
}

// retryOf says after which time a client was asked to try again; empty: it was not.
func retryOf(e *journal.Exchange) string {
	if e.RetryAfterMS == 0 {
		return ""
	}
	return "after " + inMillis(e.RetryAfterMS)
}

// saidBy is what a provider said of a failure.
func saidBy(e *journal.ProviderError) string {
	if e == nil {
		return ""
	}
	words := []string{strconv.Itoa(e.Status), e.Type, e.Code}
	text := strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

func policyModel(e *journal.Exchange) string {
	if e.Model == "" || e.Model == e.Asked {
		return ""
	}
	return ", which is " + e.Model
}

// ofAttempts says what attempts cost whose answers were not the client's.
func ofAttempts(e *journal.Exchange) string {
	rest := e.TotalNano
	if e.Nano != nil {
		rest -= *e.Nano
	}
	if rest == 0 {
		return ""
	}
	return ", of which " + price.FormatNano(rest) + " for attempts before the answer"
}

// traced is one line of a waterfall, in milliseconds since the exchange began.
type traced struct {
	name, note  string
	began, took float64
}

// spansOf are the stages and attempts in the order in which they began.
func spansOf(e *journal.Exchange) (all []traced) {
	for i, t := range e.Tried {
		all = append(all, traced{fmt.Sprintf("attempt %d", i+1), noteOf(&t), t.BeganMS, cmp.Or(t.TotalMS, t.DurationMS)})
	}
	for _, s := range e.Stages {
		all = append(all, traced{s.Name + " " + s.Phase, "", s.BeganMS, s.DurationMS})
	}
	if e.FirstTokenMS != nil {
		all = append(all, traced{"first token", "", *e.FirstTokenMS, 0})
	}
	slices.SortStableFunc(all, func(a, b traced) int { return cmp.Compare(a.began, b.began) })
	return all
}

// noteOf says what became of an attempt.
func noteOf(t *journal.Try) string {
	note := t.Backend + "/" + t.Model + " no answer"
	if t.Status != 0 {
		note = fmt.Sprintf("%s/%s %d", t.Backend, t.Model, t.Status)
	}
	if t.Fault != "" {
		note += " " + t.Fault
	}
	if t.Error != nil && t.Error.Message != "" {
		note += " " + shortened(t.Error.Message)
	}
	if t.RetryAfterMS > 0 {
		note += ", asked to be left alone for " + inMillis(t.RetryAfterMS)
	}
	if t.Nano != nil {
		note += ", " + price.FormatNano(*t.Nano) + " USD"
	}
	return note
}

// barWidth is how wide a waterfall is.
const barWidth = 40

// bar draws a span inside the whole time.
func (s traced) bar(whole float64) string {
	if whole <= 0 {
		whole = 1
	}
	place := func(ms float64) int { return min(max(int(ms/whole*barWidth), 0), barWidth) }
	from := min(place(s.began), barWidth-1)
	return "|" + strings.Repeat(" ", from) + strings.Repeat("=", max(place(s.began+s.took)-from, 1)) +
		strings.Repeat(" ", barWidth-max(place(s.began+s.took), from+1)) + "|"
}
