// Package exchanges is the part of the admin API that lists exchanges, follows them, and shows
// one of them.
package exchanges

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/journal"
)

// Journal answers questions, as journal.Journal.
type Journal interface {
	Exchanges(ctx context.Context, f journal.Filter, cursor string, limit int) (*journal.Page, error)
	Tail(ctx context.Context, f journal.Filter, cursor string, limit int) (*journal.Page, error)
	Trace(ctx context.Context, id string, now time.Time) (*journal.Exchange, error)
}

// Prefix is what the routes are mounted under.
const Prefix = "exchanges"

// Unknown is the failure of an id that the journal does not have.
var Unknown = &console.Kind{Code: "unknown_exchange", Status: http.StatusNotFound, When: "the journal does not hold the exchange, or not yet"}

// What a page holds: unless the URL says otherwise, and at most.
const (
	perPage = 50
	maxPage = 1000
)

// span is how far a list goes back that does not say.
const span = 24 * time.Hour

// A call of tail waits for so long until an exchange has ended, and looks so often.
const (
	waits = 20 * time.Second
	every = 250 * time.Millisecond
)

// filterText says how exchanges are filtered.
var filterText = "a field is one of the values that the URL names (" + strings.Join(journal.Fields(), ", ") +
	"; `status` also as `5xx`; of `guard`, who had something against it or could not judge it; of `cache`, what came of looking for an answer there; of `entry`, an entry of the cache that it was given, that was the nearest, or as which its answer is kept), `failed`, `estimated` or `unpriced` is `true`, it took at least `slower` (a duration), or cost at least `dearer` (USD)"

// Routes answers questions about a journal.
func Routes(j Journal, now func() time.Time) []console.Route {
	r := &routes{j, now}
	return []console.Route{
		{Method: "GET", Right: console.Read, Handle: r.list,
			Answer: "`{exchanges, next}`: those that began in the last 24 hours, or in a span, the newest first. The span is " + console.SpanText + ". They are those of which " + filterText +
				". A page has `limit` of them (50, at most 1000); `cursor=NEXT` asks for the next one, with the same URL else; a page may have fewer, or none, although there is a next one; `next` is empty on the last"},
		{Method: "GET", Path: "/tail", Right: console.Read, Handle: r.tail,
			Answer: "`{exchanges, next}`: those that ended since `cursor`, in the order in which the journal got them, as soon as there is one or after 20 s; filters and `limit` are those of the list. `next` is the next call's `cursor`. Without a cursor it answers at once, with none"},
		{Method: "GET", Path: "/{id}", Right: console.Read, Fails: []*console.Kind{Unknown}, Handle: r.trace,
			Answer: "an exchange with its attempts and stages, by the id that the client was given, or by the provider's of its response if it began in the last 24 hours"},
	}
}

type routes struct {
	journal Journal
	now     func() time.Time
}

func (r *routes) list(c *console.Call) (any, error) {
	q, err := queryOf(c, r.now(), true)
	if err != nil {
		return nil, err
	}
	p, err := r.journal.Exchanges(c.Context(), q.filter, q.cursor, q.limit)
	return p, failureOf(err)
}

// tail asks again and again, because another control plane may write what it waits for.
func (r *routes) tail(c *console.Call) (any, error) {
	q, err := queryOf(c, r.now(), false)
	if err != nil {
		return nil, err
	}
	tick, over := time.NewTicker(every), time.After(waits)
	defer tick.Stop()
	for {
		p, err := r.journal.Tail(c.Context(), q.filter, q.cursor, q.limit)
		if err != nil || q.cursor == "" || len(p.Exchanges) > 0 {
			return p, failureOf(err)
		}
		select {
		case <-tick.C:
			q.cursor = p.Next
		case <-over:
			return p, nil
		case <-c.Stopping():
			return p, nil
		case <-c.Context().Done():
			return nil, c.Context().Err()
		}
	}
}

func (r *routes) trace(c *console.Call) (any, error) {
	e, err := r.journal.Trace(c.Context(), c.PathValue("id"), r.now())
	if errors.Is(err, journal.ErrUnknown) {
		return nil, Unknown.New("the journal does not hold %q: it may be under way, or be no longer kept", c.PathValue("id"))
	}
	return e, err
}

// failureOf says which errors are the client's.
func failureOf(err error) error {
	if errors.Is(err, journal.ErrCursor) {
		return console.BadRequest.New("cursor: is none that an answer named")
	}
	return err
}

// number reads a number from 1 on.
func number(name, text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, console.BadRequest.New("%s: must be a number from 1 to %d, is %q", name, most, text)
	}
	return n, nil
}
