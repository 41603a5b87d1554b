package advice

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/policy"
)

// Chain says how one model is answered.
type Chain struct {
	Model    string
	Links    []Link
	Retries  int           // further attempts on one link
	Timeout  time.Duration // of each attempt, to its response headers
	Attempts int           // at most
	// Begins is the longest until an answer begins or an error is there: every attempt
	// times out, or the last one just not. A new connection may
	// take up to policy.ConnectTimeout more in each.
	Begins time.Duration
	// Worst is the longest until a whole JSON answer or an error is there, if the
	// answer falls silent after its headers: it is not tried again. While bytes come,
	// there is no bound but total and the caller's deadline.
	Worst  time.Duration
	Sooner []string // the keys that shorten Begins, and by how much
}

// Link is one place in a chain and when it is asked.
type Link struct {
	Uses    []policy.Use
	Reached time.Duration // until its first attempt, if every one before it times out
}

// Explain returns the chain of every model, in the order of their names.
func Explain(set *policy.Set) []Chain {
	var all []Chain
	for _, name := range slices.Sorted(maps.Keys(set.Models)) {
		all = append(all, explain(set.Models[name], set.Stall))
	}
	return all
}

func explain(m *policy.Model, stall time.Duration) Chain {
	c := Chain{
		Model: m.Name, Retries: m.Retries, Timeout: m.Timeout,
		Attempts: m.Attempts(), Begins: lasting(m, m.Attempts()),
	}
	c.Worst = c.Begins + m.Silence(stall)
	c.Sooner = sooner(m)
	if m.Total > 0 {
		c.Begins, c.Worst = min(c.Begins, m.Total), min(c.Worst, m.Total)
	}
	for i, l := range m.Chain {
		c.Links = append(c.Links, Link{Uses: l.Uses, Reached: before(m, m.Before(i))})
	}
	return c
}

// sooner says what ends the wait for providers that are silent before their headers: Envoy
// leaves none of them before its attempt's time is over.
func sooner(m *policy.Model) []string {
	var keys []string
	if m.Retries > 0 {
		once := *m
		once.Retries = 0
		keys = append(keys, "retries: 0 makes that "+Span(lasting(&once, once.Attempts())))
	}
	clock := "timeout"
	if m.PerTry() > m.Timeout {
		clock = "first_token"
	}
	return append(keys, "each second less of "+clock+" takes off "+Span(time.Duration(m.Attempts())*time.Second))
}

// before returns the longest until the attempt that comes after n others begins.
func before(m *policy.Model, n int) time.Duration {
	return time.Duration(n) * (m.PerTry() + policy.MaxBackOff)
}

// lasting returns the longest that n attempts take; n is at least 1.
func lasting(m *policy.Model, n int) time.Duration {
	return before(m, n-1) + m.PerTry()
}

// Span returns a duration as people write it in a policy: 10m, not 10m0s.
func Span(d time.Duration) string {
	text := d.String()
	if cut, ok := strings.CutSuffix(text, "m0s"); ok {
		text = cut + "m"
	}
	if cut, ok := strings.CutSuffix(text, "h0m"); ok {
		text = cut + "h"
	}
	return text
}
