package responses

import (
	"net/url"
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// access is a request for a response that was given before.
type access struct {
	wire.Call
	k     *kept
	after int // number of the last event that the client has; negative: none
}

func (d *Dialect) find(r *wire.Request) (*access, *wire.Error) {
	a := &access{after: -1}
	a.Own = a
	if a.k = d.kept.response(r.Account, r.IDs[0]); a.k == nil {
		return a, notFound("Response", r.IDs[0])
	}
	return a, nil
}

func (d *Dialect) readResponse(r *wire.Request) (*wire.Call, *wire.Error) {
	a, err := d.find(r)
	if err != nil || r.Query.Get("stream") != "true" {
		return &a.Call, err
	}
	if a.k.stream == nil {
		return &a.Call, openai.Invalid("stream", "", "Response with id '%s' cannot be streamed: it was not created with 'background' and 'stream'.", r.IDs[0])
	}
	a.Stream = true
	if v := r.Query.Get("starting_after"); v != "" {
		n, bad := strconv.Atoi(v)
		if bad != nil || n < 0 {
			return &a.Call, openai.Invalid("starting_after", "invalid_type", "Invalid type for 'starting_after': expected an integer, but got '%s' instead.", v)
		}
		a.after = n
	}
	return &a.Call, nil
}

// retrieve renders a response as it is now.
func (d *Dialect) retrieve(t *wire.Turn) ([]byte, wire.Usage) {
	a := t.Call.Own.(*access)
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	a.k.step(t.Arrived)
	return a.k.q.render(a.k.status), wire.Usage{}
}

// again renders the events that the client does not have. They were billed before.
func again(t *wire.Turn) *wire.Stream {
	a := t.Call.Own.(*access)
	st := &wire.Stream{}
	for i := a.after + 1; i < len(a.k.stream.Events); i++ {
		event := a.k.stream.Bytes(i)
		st.Buf = append(st.Buf, event[:len(event)-2]...)
		st.Done()
	}
	return st
}

func (d *Dialect) remove(t *wire.Turn) ([]byte, wire.Usage) {
	id := t.Call.Own.(*access).k.q.id
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	d.kept.forget(id)
	return append(scan.AppendString([]byte(`{"id":`), id), `,"object":"response","deleted":true}`...), wire.Usage{}
}

func (d *Dialect) readCancel(r *wire.Request) (*wire.Call, *wire.Error) {
	a, err := d.find(r)
	if err != nil {
		return &a.Call, err
	}
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	switch status := a.k.status; {
	case !a.k.q.background:
		err = openai.Invalid("", "", "Cannot cancel a synchronous response.")
	case status != statusQueued && status != statusInProgress && status != statusCancelled:
		err = openai.Invalid("", "", "Cannot cancel a response that is already %s.", status)
	}
	return &a.Call, err
}

// cancel ends a response in the background. A second time it changes nothing.
func (d *Dialect) cancel(t *wire.Turn) ([]byte, wire.Usage) {
	a := t.Call.Own.(*access)
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	a.k.status = statusCancelled
	return a.k.q.render(statusCancelled), wire.Usage{}
}

// page is a list that was read and is ready to be served.
type page struct {
	wire.Call
	body []byte
}

func listed(t *wire.Turn) ([]byte, wire.Usage) { return t.Call.Own.(*page).body, wire.Usage{} }

func (d *Dialect) readInputItems(r *wire.Request) (*wire.Call, *wire.Error) {
	a, err := d.find(r)
	if err != nil {
		return &a.Call, err
	}
	return pageOf(a.k.items, r.Query)
}

// The bounds of a page's length.
const (
	usualPage = 20
	maxPage   = 100
)

// pageOf cuts a page out of a list of items, the newest first unless asked otherwise.
func pageOf(items []item, q url.Values) (*wire.Call, *wire.Error) {
	p := &page{}
	p.Own = p
	limit := usualPage
	if v := q.Get("limit"); v != "" && wire.SetInt(&limit, v, 1, maxPage) != nil {
		return &p.Call, openai.Invalid("limit", "invalid_value", "Invalid 'limit': expected an integer from 1 to %d, but got '%s' instead.", maxPage, v)
	}
	ordered := make([]*item, len(items))
	for i := range items {
		if q.Get("order") == "asc" {
			ordered[i] = &items[i]
		} else {
			ordered[len(items)-1-i] = &items[i]
		}
	}
	if id := q.Get("after"); id != "" {
		i := 0
		for i < len(ordered) && ordered[i].id != id {
			i++
		}
		if i == len(ordered) {
			return &p.Call, notFound("Item", id)
		}
		ordered = ordered[i+1:]
	}
	p.body = appendPage(nil, ordered[:min(limit, len(ordered))], len(ordered) > limit)
	return &p.Call, nil
}

func appendPage(b []byte, items []*item, more bool) []byte {
	b = append(b, `{"object":"list","data":[`...)
	first, last := "", ""
	for i, it := range items {
		if i > 0 {
			b = append(b, ',')
		} else {
			first = it.id
		}
		last = it.id
		b = append(b, it.resource()...)
	}
	b = wire.AppendNullable(append(b, `],"first_id":`...), first)
	b = wire.AppendNullable(append(b, `,"last_id":`...), last)
	return append(strconv.AppendBool(append(b, `,"has_more":`...), more), '}')
}
