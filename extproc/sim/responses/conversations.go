package responses

import (
	"slices"
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// talk is a request about a conversation.
type talk struct {
	wire.Call
	account  string
	c        *conversation // nil: a new one
	items    []item        // that are to be in it
	metadata string        // empty: not given
}

// readTalk reads a request about a conversation that is there, if the path names one.
func (d *Dialect) readTalk(r *wire.Request) (*talk, *wire.Error) {
	t := &talk{account: r.Account}
	t.Own = t
	if len(r.IDs) == 0 {
		return t, nil
	}
	if t.c = d.kept.conversation(r.Account, r.IDs[0]); t.c == nil {
		return t, notFound("Conversation", r.IDs[0])
	}
	return t, nil
}

func (d *Dialect) readConversation(r *wire.Request) (*wire.Call, *wire.Error) {
	t, err := d.readTalk(r)
	return &t.Call, err
}

func (d *Dialect) readNewConversation(r *wire.Request) (*wire.Call, *wire.Error) {
	return d.readBody(r, map[string]kinds{"items": list, "metadata": object}, "")
}

func (d *Dialect) readConversationUpdate(r *wire.Request) (*wire.Call, *wire.Error) {
	return d.readBody(r, map[string]kinds{"metadata": object}, "metadata")
}

func (d *Dialect) readNewItems(r *wire.Request) (*wire.Call, *wire.Error) {
	return d.readBody(r, map[string]kinds{"items": list}, "items")
}

// readBody reads items and metadata, of which one may have to be there.
func (d *Dialect) readBody(r *wire.Request, known map[string]kinds, needed string) (*wire.Call, *wire.Error) {
	t, err := d.readTalk(r)
	if err != nil {
		return &t.Call, err
	}
	body := r.Body
	if len(body) == 0 {
		body = []byte("{}")
	}
	doc, err := openai.Object(body)
	if err != nil {
		return &t.Call, err
	}
	f, err := readFields(doc, "", known)
	switch {
	case err != nil:
		return &t.Call, err
	case needed != "" && f[needed] == nil:
		return &t.Call, openai.Missing(needed)
	}
	t.metadata = f.or("metadata", "")
	if err := checkMetadata(f["metadata"]); err != nil {
		return &t.Call, err
	}
	t.items, err = d.readItemsOf(r, f["items"])
	return &t.Call, err
}

// readItemsOf reads the items of a conversation. Calls among them may be answered later.
func (d *Dialect) readItemsOf(r *wire.Request, v scan.Value) ([]item, *wire.Error) {
	q := newRequest(r)
	reader := itemReader{q: q, kept: d.kept, ids: map[string]string{}}
	for e := v.Elements(); e.Next(); reader.i++ {
		if err := reader.item(e.Value()); err != nil {
			return nil, err
		}
	}
	return q.input, nil
}

// createConversation begins a conversation.
func (d *Dialect) createConversation(t *wire.Turn) ([]byte, wire.Usage) {
	a := t.Call.Own.(*talk)
	place := func(prefix string, n int) string { return itemID(t, prefix, n) }
	name(a.items, place)
	c := &conversation{id: place("conv_", 1), account: a.account, created: t.Arrived.Unix(), metadata: "{}", items: a.items}
	if a.metadata != "" {
		c.metadata = a.metadata
	}
	d.kept.addConversation(c)
	return c.render(), wire.Usage{}
}

func (c *conversation) render() []byte {
	b := scan.AppendString([]byte(`{"id":`), c.id)
	b = strconv.AppendInt(append(b, `,"object":"conversation","created_at":`...), c.created, 10)
	return append(append(append(b, `,"metadata":`...), c.metadata...), '}')
}

// conversation renders a conversation, with the metadata that the request gives it.
func (d *Dialect) conversation(t *wire.Turn) ([]byte, wire.Usage) {
	a := t.Call.Own.(*talk)
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	if c := d.kept.conversations[a.c.id]; c != nil && a.metadata != "" {
		c.metadata = a.metadata
		return c.render(), wire.Usage{}
	}
	return a.c.render(), wire.Usage{}
}

func (d *Dialect) removeConversation(t *wire.Turn) ([]byte, wire.Usage) {
	id := t.Call.Own.(*talk).c.id
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	d.kept.forget(id)
	return append(scan.AppendString([]byte(`{"id":`), id), `,"object":"conversation.deleted","deleted":true}`...), wire.Usage{}
}

// addItems adds items to a conversation, and lists them.
func (d *Dialect) addItems(t *wire.Turn) ([]byte, wire.Usage) {
	a := t.Call.Own.(*talk)
	name(a.items, func(prefix string, n int) string { return itemID(t, prefix, n) })
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	if c := d.kept.conversations[a.c.id]; c != nil {
		c.items = append(c.items[:len(c.items):len(c.items)], a.items...)
		d.kept.index(c.id, c.items)
	}
	all := make([]*item, len(a.items))
	for i := range a.items {
		all[i] = &a.items[i]
	}
	return appendPage(nil, all, false), wire.Usage{}
}

func (d *Dialect) readItem(r *wire.Request) (*wire.Call, *wire.Error) {
	t, err := d.readTalk(r)
	if err != nil {
		return &t.Call, err
	}
	id := r.IDs[1]
	i := slices.IndexFunc(t.c.items, func(it item) bool { return it.id == id })
	if i < 0 {
		return &t.Call, notFound("Item", id)
	}
	t.items = t.c.items[i : i+1]
	return &t.Call, nil
}

func (d *Dialect) item(t *wire.Turn) ([]byte, wire.Usage) {
	return t.Call.Own.(*talk).items[0].resource(), wire.Usage{}
}

// removeItem takes an item out of a conversation.
func (d *Dialect) removeItem(t *wire.Turn) ([]byte, wire.Usage) {
	a := t.Call.Own.(*talk)
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	c := d.kept.conversations[a.c.id]
	if c == nil {
		return a.c.render(), wire.Usage{}
	}
	var left []item // a copy: the conversation's list is read without the lock
	for _, it := range c.items {
		if it.id != a.items[0].id {
			left = append(left, it)
		}
	}
	c.items = left
	return c.render(), wire.Usage{}
}

func (d *Dialect) readItems(r *wire.Request) (*wire.Call, *wire.Error) {
	t, err := d.readTalk(r)
	if err != nil {
		return &t.Call, err
	}
	return pageOf(t.c.items, r.Query)
}
