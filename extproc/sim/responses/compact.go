package responses

import (
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// readCount reads a request to count.
func (d *Dialect) readCount(r *wire.Request) (*wire.Call, *wire.Error) {
	q := newRequest(r)
	return &q.Call, d.read(q, r.Body, counted)
}

// count answers a request to count, which is free.
func count(t *wire.Turn) ([]byte, wire.Usage) {
	b := wire.AppendCount(nil, `{"object":"response.input_tokens","input_tokens":`, t.Call.Prompt.Tokens)
	return append(b, '}'), wire.Usage{}
}

// readCompact reads a request to compact a conversation.
func (d *Dialect) readCompact(r *wire.Request) (*wire.Call, *wire.Error) {
	q := newRequest(r)
	return &q.Call, d.read(q, r.Body, compacted, "model")
}

// CompactionTokens are the tokens that a conversation is compacted to, by itself or where the
// input says so (compaction_trigger).
const CompactionTokens = 24

// compact answers with the user's messages and one item for all others.
func compact(t *wire.Turn) ([]byte, wire.Usage) {
	q := t.Call.Own.(*request)
	place := func(prefix string, n int) string { return itemID(t, prefix, n) }
	name(q.input, place)
	b := append([]byte(`{"id":"resp_`), t.IDs.Hex(t.Seq<<placeBits)...)
	b = strconv.AppendInt(append(b, `","object":"response.compaction","created_at":`...), t.Arrived.Unix(), 10)
	b = append(b, `,"output":[`...)
	for _, items := range [][]item{q.context, q.input} {
		for i := range items {
			if wire.Str(items[i].raw.Get("role")) == "user" {
				b = append(append(b, items[i].resource()...), ',')
			}
		}
	}
	b = scan.AppendString(append(b, `{"id":`...), place("cmp_", 1))
	b = scan.AppendString(append(b, `,"type":"compaction","encrypted_content":`...), seal(q.account, CompactionTokens))
	u := wire.Usage{Input: q.Prompt.Tokens, Output: CompactionTokens}
	b = appendUsage(append(b, `}],"usage":`...), &u)
	return append(b, '}'), u
}
