package responses

import (
	"errors"
	"net/http"

	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// Dialect is the dialect of OpenAI's Responses and Conversations. What it does not do in a
// way of its own it does as OpenAI's other dialect does.
type Dialect struct {
	openai.Dialect
	kept       *store
	operations []wire.Operation
}

var _ wire.Dialect = (*Dialect)(nil)

// New returns a dialect whose state is empty.
func New() *Dialect {
	d := &Dialect{kept: newStore()}
	d.operations = []wire.Operation{
		{Path: "/v1/responses", Read: d.readCreate},
		{Path: "/v1/responses/input_tokens", Read: d.readCount, Answer: count},
		{Path: "/v1/responses/compact", Read: d.readCompact, Answer: compact},
		{Path: "/v1/responses/{id}/cancel", Read: d.readCancel, Answer: d.cancel},
		{Path: "/v1/responses/{id}/input_items", Method: http.MethodGet, Read: d.readInputItems, Answer: listed},
		{Path: "/v1/responses/{id}", Method: http.MethodGet, Read: d.readResponse, Answer: d.retrieve, Again: again},
		{Path: "/v1/responses/{id}", Method: http.MethodDelete, Read: d.readResponse, Answer: d.remove},
		{Path: "/v1/conversations", Read: d.readNewConversation, Answer: d.createConversation},
		{Path: "/v1/conversations/{id}", Method: http.MethodGet, Read: d.readConversation, Answer: d.conversation},
		{Path: "/v1/conversations/{id}", Read: d.readConversationUpdate, Answer: d.conversation},
		{Path: "/v1/conversations/{id}", Method: http.MethodDelete, Read: d.readConversation, Answer: d.removeConversation},
		{Path: "/v1/conversations/{id}/items", Read: d.readNewItems, Answer: d.addItems},
		{Path: "/v1/conversations/{id}/items", Method: http.MethodGet, Read: d.readItems, Answer: listed},
		{Path: "/v1/conversations/{id}/items/{id}", Method: http.MethodGet, Read: d.readItem, Answer: d.item},
		{Path: "/v1/conversations/{id}/items/{id}", Method: http.MethodDelete, Read: d.readItem, Answer: d.removeItem},
	}
	return d
}

// Operations implements wire.Dialect.
func (d *Dialect) Operations() []wire.Operation { return d.operations }

// Claims implements wire.Dialect: whoever does not ask for something of this dialect alone
// speaks OpenAI's other one.
func (*Dialect) Claims(http.Header) bool { return false }

// AnswerID implements wire.Dialect.
func (*Dialect) AnswerID(ids wire.IDs, seq int64) string { return "resp_" + ids.Hex(seq<<placeBits) }

// placeBits are those of the place that an id has within its exchange.
const placeBits = 20

// itemID returns the id of what is at a place of an exchange, which is above 0.
func itemID(t *wire.Turn, prefix string, place int) string {
	return prefix + t.IDs.Hex(t.Seq<<placeBits|int64(place))
}

// Possible implements wire.Dialect.
func (*Dialect) Possible(do *wire.Behaviour) error {
	switch {
	case do.CacheWrite1h != nil:
		return errors.New("cache-write-1h: this dialect does not report it")
	case do.Audio != nil || do.AudioOut != nil:
		return errors.New("audio: this dialect has none")
	case do.Flag != "":
		return errors.New("flag: this dialect judges nothing")
	case do.Usage != "":
		return errors.New("usage: this dialect has counts of one shape")
	case do.Pings:
		return errors.New("pings: this dialect has none; use comments")
	default:
		return nil
	}
}

// JSON implements wire.Dialect.
func (d *Dialect) JSON(t *wire.Turn, a *wire.Answer) []byte {
	q := t.Call.Own.(*request)
	q.answer(t, a)
	d.keep(q, nil)
	if q.background {
		return q.render(statusQueued)
	}
	return q.render(q.status)
}

// Events implements wire.Dialect.
func (d *Dialect) Events(t *wire.Turn, a *wire.Answer) *wire.Stream {
	q := t.Call.Own.(*request)
	q.answer(t, a)
	st := q.events()
	d.keep(q, st)
	return st
}
