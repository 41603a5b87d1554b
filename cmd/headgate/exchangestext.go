package main

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/wildcard"
	"github.com/headgate/headgate/xds/journal"
)

// exchangeHeader names what lineOf returns.
const exchangeHeader = "TIME EXCHANGE OUTCOME FAILED-BY STATUS MODEL BACKEND USER INPUT OUTPUT COST_USD TOOK"

// lineOf is an exchange in a table.
func lineOf(e *journal.Exchange) []string {
	in, out := inAndOut(&e.Tokens)
	status := "-"
	if e.Status != 0 {
		status = strconv.Itoa(e.Status)
	}
	return []string{e.Time.UTC().Format("2006-01-02T15:04:05Z"), clean(e.Exchange), orDash(e.Outcome), orDash(e.FailedBy), status,
		shortened(orDash(modelOf(e))), shortened(backendOf(e)), shortened(orDash(e.User)),
		strconv.FormatInt(in, 10), strconv.FormatInt(out, 10), costOf(e), inMillis(e.DurationMS)}
}

// modelOf is the policy's model, of a wildcard by the name that was asked for, or what was asked for
// and is none.
func modelOf(e *journal.Exchange) string {
	if wildcard.Match(e.Model, e.Asked) {
		return e.Asked
	}
	return cmp.Or(e.Model, e.Asked)
}

// backendOf is who answered.
func backendOf(e *journal.Exchange) string {
	if e.Cache.Given() {
		return "(cache)"
	}
	return orDash(e.Backend)
}

// inAndOut are the tokens that were read, and those that were written.
func inAndOut(t *journal.Tokens) (in, out int64) {
	return t.Input + t.CacheRead + t.CacheWrite5m + t.CacheWrite1h + t.AudioInput, t.Output + t.Reasoning + t.AudioOutput
}

// costOf is what an exchange cost in USD: ~ says that it is estimated, and ? that something has
// no price.
func costOf(e *journal.Exchange) string {
	text := price.FormatNano(e.TotalNano)
	if e.Estimated {
		text = "~" + text
	}
	if e.Unpriced {
		text += "?"
	}
	return text
}

// inMillis writes a time as people read it.
func inMillis(ms float64) string {
	switch d := time.Duration(ms * float64(time.Millisecond)); {
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d/time.Microsecond)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", ms)
	case d < time.Second:
		return fmt.Sprintf("%.0fms", ms)
	default:
		return fmt.Sprintf("%.1fs", ms/1000)
	}
}
