// Package purges is the part of the admin API that has pairs forget answers in the cache.
//
// The promise: a purge that was answered is in effect at the pairs that the answer counts, and is
// kept for those that come. The trap: a pair that is not linked gives what it has until it is.
package purges

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/pair"
	"github.com/headgate/headgate/xds/purge"
)

// Book keeps purges, as purge.Book.
type Book interface {
	Order(ctx context.Context, p purge.Purge, ordered func(purge.Purge)) error
	List(context.Context) ([]purge.Purge, error)
}

// Pairs forget entries, as pair.Server.
type Pairs interface {
	Purge(purge.Purge) (wait func(context.Context) pair.Forgotten)
}

// Prefix is what the routes are mounted under.
const Prefix = "cache/purges"

// The kinds of failures of these routes.
var (
	Invalid = &console.Kind{Code: "invalid_purge", Status: http.StatusUnprocessableEntity, When: "the purge cannot be made as asked"}
	Full    = &console.Kind{Code: "too_many_purges", Status: http.StatusConflict, When: "as many purges are active as there may be"}
)

// Order is which answers are to be forgotten, who says so, and why.
type Order struct {
	purge.Selection
	Author string `json:"author,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Purge is a purge, and how long it is active.
type Purge struct {
	purge.Purge
	Until time.Time `json:"until"`
}

// List are purges.
type List struct {
	Purges []Purge `json:"purges"`
}

// Made is a purge, and what became of it.
type Made struct {
	Purge     Purge    `json:"purge"`
	Pairs     int      `json:"pairs"`     // at which it is in effect
	Silent    []string `json:"silent"`    // names of those that have not said so
	Elsewhere int      `json:"elsewhere"` // of other control planes
	Entries   int      `json:"entries"`   // that those pairs had in memory
}

type api struct {
	book  Book
	pairs Pairs
	log   *zap.Logger
}

// Routes purge entries of the cache at the pairs.
func Routes(b Book, p Pairs, log *zap.Logger) []console.Route {
	a := api{b, p, log}
	return []console.Route{
		{Method: "GET", Right: console.Read, Handle: a.list,
			Answer: "`{purges: [{id, at, all, ids, caller, team, model, prompt, tag, by, reason, until}]}`: the purges of answers in the cache that are active, the newest first. Each is so for 30 days, the longest `ttl` of a policy, and is given to every pair that links; one that a later purge contains is not listed any more"},
		{Method: "POST", Right: console.Change, Action: "cache.purge", Body: "`{all, ids, caller, team, model, prompt, tag, author, reason}`", Fails: []*console.Kind{Invalid, Full}, Handle: a.order,
			Answer: "`{purge, pairs, silent, elsewhere, entries}`: no pair gives an answer any more that was stored before, and of which all holds that is said: its entry's id is one of `ids` (at most 100), it was first given to the `caller`, to somebody of the `team`, by the `model`, with the `prompt`, to a request with the `tag`; or `all: true` and nothing else. It is in effect at `pairs`; `silent` names those that have not said so, because they are of a version before or did not answer in 3 s; the `elsewhere` of other control planes hear of it within a second; `entries` is how many were in the memory of those pairs: what is in Redis is not counted. At most 1000 purges are active"},
	}
}

func (a api) list(c *console.Call) (any, error) {
	all, err := a.book.List(c.Context())
	out := List{Purges: make([]Purge, 0, len(all))}
	for i := len(all) - 1; i >= 0; i-- {
		out.Purges = append(out.Purges, stated(all[i]))
	}
	return out, err
}

func stated(p purge.Purge) Purge { return Purge{Purge: p, Until: p.Until()} }

func (a api) order(c *console.Call) (any, error) {
	var o Order
	if err := c.Decode(&o); err != nil {
		return nil, err
	}
	p := purge.Purge{Selection: o.Selection, By: cmp.Or(c.By.Author(o.Author), c.By.Key), Reason: strings.TrimSpace(o.Reason)}
	c.Propose("cache", p.By, p.Reason)
	var wait func(context.Context) pair.Forgotten
	err := a.book.Order(c.Context(), p, func(made purge.Purge) {
		p, wait = made, a.pairs.Purge(made)
	})
	if err != nil {
		return nil, failure(err)
	}
	c.Propose("cache: "+p.Selection.String(), p.By, p.Reason)
	c.Changed("", summary(&p))
	done := wait(c.Context())
	a.log.Info("entries of the cache are purged", zap.String("purge", p.ID), zap.String("author", p.By), zap.String("reason", p.Reason),
		zap.Int("pairs", done.Pairs), zap.Strings("silent", done.Silent), zap.Int("elsewhere", done.Elsewhere), zap.Int("entries", done.Things))
	return Made{Purge: stated(p), Pairs: done.Pairs, Silent: append([]string{}, done.Silent...), Elsewhere: done.Elsewhere, Entries: done.Things}, nil
}

// summary is what the record has of a purge: nothing of it is secret.
func summary(p *purge.Purge) string {
	text, _ := json.Marshal(p) // texts and times always are JSON
	return string(text)
}

// failure classifies an error of a Book.
func failure(err error) error {
	for of, kind := range map[error]*console.Kind{purge.ErrInvalid: Invalid, purge.ErrFull: Full} {
		if errors.Is(err, of) {
			return kind.New("%v", err)
		}
	}
	return err
}
