package exchange_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/exchange"
)

// TestWhatACallerMayAskFor holds what a list of models grants: models of the policy with every name
// that they answer, names, and wildcards.
func TestWhatACallerMayAskFor(t *testing.T) {
	for _, c := range []struct {
		granted, model, name string
		want                 bool
	}{
		{"fast", "fast", "fast", true},
		{"fast", "slow", "slow", false},
		{"claude-*", "claude-*", "claude-opus-5", true},
		{"claude-*", "*", "claude-opus-5", true}, // answered by a wider one
		{"claude-*", "claude-opus-5", "claude-opus-5", true},
		{"claude-*", "*", "gpt-5", false},
		{"claude-opus-5", "claude-*", "claude-opus-5", true},
		{"claude-opus-5", "claude-*", "claude-sonnet-5", false},
		{"*", "fast", "fast", true},
	} {
		who := exchange.Caller{Models: []string{c.granted, "zzz"}}
		if got := who.May(c.model, c.name); got != c.want {
			t.Errorf("%s grants %s, which %s answers: %v", c.granted, c.name, c.model, got)
		}
	}
	if anybody := (&exchange.Caller{}); !anybody.May("m", "m") {
		t.Error("a caller without a list may ask for all")
	}
}

// TestPages holds which part of a list a page is, and whether there is more.
func TestPages(t *testing.T) {
	var all []exchange.ListedModel
	for _, name := range strings.Fields("a b c d e") {
		all = append(all, exchange.ListedModel{Name: name})
	}
	for _, c := range []struct {
		page exchange.Page
		want string
		more bool
	}{
		{exchange.Page{}, "a b c d e", false},
		{exchange.Page{Limit: 2}, "a b", true},
		{exchange.Page{Limit: 5}, "a b c d e", false},
		{exchange.Page{Limit: 2, After: "b"}, "c d", true},
		{exchange.Page{Limit: 2, After: "c"}, "d e", false},
		{exchange.Page{Limit: 2, After: "e"}, "", false},
		{exchange.Page{Limit: 2, Before: "d"}, "b c", true},
		{exchange.Page{Limit: 2, Before: "c"}, "a b", false},
		{exchange.Page{Limit: 2, Before: "a"}, "", false},
	} {
		part, more, err := c.page.Of(all)
		if got := names(part); got != c.want || more != c.more || err != nil {
			t.Errorf("%+v: %q, more %v, %v", c.page, got, more, err)
		}
	}
	for _, p := range []exchange.Page{{Limit: 1, After: "x"}, {Limit: 1, Before: "x"}} {
		if _, _, err := p.Of(all); err == nil {
			t.Errorf("%+v: a name that is not in the list is no fault", p)
		}
	}
}

// TestPagesCoverAList holds, for lists and limits of several lengths, that a client who goes through
// the pages in one direction or the other sees each model once.
func TestPagesCoverAList(t *testing.T) {
	for length := range 8 {
		var all []exchange.ListedModel
		for i := range length {
			all = append(all, exchange.ListedModel{Name: fmt.Sprint(i)})
		}
		for limit := 1; limit <= 4; limit++ {
			var seen []exchange.ListedModel
			for p, more := (exchange.Page{Limit: limit}), true; more; {
				var part []exchange.ListedModel
				part, more, _ = p.Of(all)
				if seen = append(seen, part...); more {
					p.After = part[len(part)-1].Name
				}
			}
			if diff := cmp.Diff(names(all), names(seen)); diff != "" {
				t.Errorf("%d models by %d: %s", length, limit, diff)
			}
			seen = nil
			for p, more := (exchange.Page{Limit: limit, Before: fmt.Sprint(length - 1)}), length > 0; more; {
				var part []exchange.ListedModel
				if part, more, _ = p.Of(all); more {
					p.Before = part[0].Name
				}
				seen = slices.Concat(part, seen)
			}
			if diff := cmp.Diff(names(all[:max(length-1, 0)]), names(seen)); diff != "" {
				t.Errorf("%d models back by %d: %s", length, limit, diff)
			}
		}
	}
}

func names(all []exchange.ListedModel) string {
	var b []string
	for _, m := range all {
		b = append(b, m.Name)
	}
	return strings.Join(b, " ")
}
