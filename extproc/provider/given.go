package provider

import (
	"bytes"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/stateid"
	"github.com/headgate/headgate/extproc/scan"
)

// giver binds the ids of what a backend keeps, in what comes back, to the backend and to
// whom they are given. All other bytes stay as they are. It implements exchange.Mender. Not for
// concurrent use.
type giver struct {
	keeper dialect.Keeper
	key    stateid.Key
	bound  stateid.Bound
	sent   map[string]string // ids as the client has written them, by those of the provider
	next   exchange.Mender   // nil: nothing else has to be put right

	last  []byte // the id that was given last: that of an item stands in many events
	as    []byte // what it was given as
	edits []scan.Edit
}

// giver returns what binds the ids in a target's answer; nil: they pass as they came.
func (p *plan) giver(t *target) *giver {
	kept := p.stage.kept
	if !p.keeps || kept.plain[p.ex.Dialect] || t.dialect.Name() != p.ex.Dialect {
		return nil
	}
	keys := kept.keys(t.backend)
	if len(keys) == 0 {
		return nil
	}
	return &giver{keeper: keeperOf(p.ex.Dialect), key: keys[0], sent: p.theirIDs,
		bound: stateid.Bound{Backend: t.backend.Name, Model: p.ex.Model, Owner: kept.owner(&p.ex.Caller)}}
}

// Mend implements exchange.Mender.
func (g *giver) Mend(raw []byte) []byte {
	if g.next != nil {
		raw = g.next.Mend(raw)
	}
	data := scan.Event(raw).Data()
	edits := g.find(data)
	if len(edits) == 0 {
		return raw
	}
	start, ok := scan.Within(raw, data)
	if !ok {
		return onLines(raw, scan.Splice(nil, data, edits))
	}
	for i := range edits {
		edits[i].Start, edits[i].End = edits[i].Start+start, edits[i].End+start
	}
	return scan.Splice(make([]byte, 0, len(raw)+len(edits)*stateid.SuffixLen), raw, edits)
}

// onLines returns an event with other data, which stands on several lines of its own.
func onLines(ev scan.Event, data []byte) (out []byte) {
	if name := ev.Field("event"); name != nil {
		out = append(append(append(out, "event: "...), name...), '\n')
	}
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		out = append(append(append(out, "data: "...), line...), '\n')
	}
	return append(out, '\n')
}

// whole returns a whole answer with its ids bound.
func (g *giver) whole(body []byte) []byte {
	edits := g.find(body)
	if len(edits) == 0 {
		return body
	}
	return scan.Splice(make([]byte, 0, len(body)+len(edits)*stateid.SuffixLen), body, edits)
}

// find returns the edits that bind the ids in a text. They hold until the next call.
func (g *giver) find(text []byte) []scan.Edit {
	g.edits = g.edits[:0]
	g.keeper.GivenIDs(text, func(value scan.Value) {
		id, ok := value.Str()
		start, within := scan.Within(text, value)
		if !ok || !within || len(id) == 0 {
			return
		}
		g.edits = append(g.edits, scan.Edit{Start: start, End: start + len(value), With: g.give(id)})
	})
	return g.edits
}

// give returns an id as the client gets it, as a JSON string.
func (g *giver) give(id []byte) []byte {
	if g.as != nil && bytes.Equal(id, g.last) {
		return g.as
	}
	as, ok := g.sent[string(id)]
	if !ok {
		as = string(g.key.Append(nil, id, g.bound))
	}
	g.last, g.as = append(g.last[:0], id...), scan.AppendString(nil, as)
	return g.as
}
