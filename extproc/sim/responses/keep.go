package responses

import (
	"time"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// inputPlace is the place of the first item of an input within its exchange.
const inputPlace = 1 << 10

// keep keeps a response as soon as it is made, whatever becomes of its way to the client.
func (d *Dialect) keep(q *request, st *wire.Stream) {
	name(q.input, q.place)
	said := q.saidItems()
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	if c := d.kept.conversations[q.conversation]; c != nil {
		c.items = append(append(c.items[:len(c.items):len(c.items)], q.input...), said...)
		d.kept.index(c.id, c.items)
	}
	if !q.store {
		return
	}
	k := &kept{q: q, status: q.status, final: q.status, said: said, items: append(q.context[:len(q.context):len(q.context)], q.input...)}
	k.size = q.size
	for i := range said {
		k.size += len(said[i].raw)
	}
	if q.background && st == nil {
		k.status = statusQueued
		k.due = time.Unix(q.created, 0).Add(q.do.TTFT + q.writing())
	}
	if q.background && st != nil {
		k.stream = st
		k.size += len(st.Buf)
	}
	d.kept.add(k)
}

// writing returns how long the model takes to write the answer.
func (q *request) writing() time.Duration {
	if q.do.TPS == 0 {
		return 0
	}
	return time.Duration(float64(q.given.Usage.TotalOutput()) / q.do.TPS * float64(time.Second))
}

// name gives ids to the items that have none.
func name(items []item, place func(prefix string, place int) string) {
	for i := range items {
		if items[i].id != "" {
			continue
		}
		prefix := shapes[items[i].kind].prefix
		if prefix == "" {
			prefix = "item"
		}
		items[i].id = place(prefix+"_", inputPlace+i)
	}
}

// saidItems returns the items of an answer, each with the reasoning that it came with.
func (q *request) saidItems() []item {
	if q.status == statusFailed {
		return nil
	}
	said := make([]item, len(q.items))
	for i := range q.items {
		o := &q.items[i]
		said[i] = item{id: o.id, kind: o.kind, raw: q.appendItem(nil, o, true), account: q.account}
		if i > 0 && q.items[i-1].kind == "reasoning" {
			said[i].needs = q.items[i-1].id
		}
	}
	return said
}

// fail takes note that a response has failed after it was accepted, or will fail if it is in
// the background.
func (d *Dialect) fail(q *request, e *wire.Error) {
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	q.fault = e
	k := d.kept.responses[q.id]
	if k == nil {
		return
	}
	if k.final = statusFailed; k.status != statusQueued {
		k.status = statusFailed
	}
}

// step lets a response in the background go on: it is queued until it is asked for, and
// complete when it is asked for again and its time has come.
func (k *kept) step(now time.Time) {
	switch {
	case k.status == statusQueued:
		k.status = statusInProgress
	case k.status == statusInProgress && !now.Before(k.due):
		k.status = k.final
	}
}

// resource returns an item as the provider lists it.
func (it *item) resource() []byte {
	b := scan.AppendString([]byte(`{"id":`), it.id)
	for m := it.raw.Fields(); m.Next(); {
		switch key, v := string(m.Key()), m.Value(); {
		case key == "id" || key == "type" || key == "status":
		case key == "content" && v.Kind() == scan.String:
			b = append(append(b, `,"content":[`...), it.textPart(v)...)
			b = append(b, ']')
		default:
			b = append(scan.AppendString(append(b, ','), key), ':')
			b = append(b, v...)
		}
	}
	b = scan.AppendString(append(b, `,"type":`...), it.kind)
	if status := it.raw.Get("status"); wire.Given(status) {
		b = append(append(b, `,"status":`...), status...)
	} else if it.kind != "reasoning" && it.kind != "compaction" {
		b = append(b, `,"status":"completed"`...)
	}
	return append(b, '}')
}

// textPart returns a message's text as a part.
func (it *item) textPart(text scan.Value) string {
	if wire.Str(it.raw.Get("role")) == "assistant" {
		return `{"type":"output_text","annotations":[],"text":` + string(text) + `}`
	}
	return `{"type":"input_text","text":` + string(text) + `}`
}
