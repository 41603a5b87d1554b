package provider

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/stateid"
	"github.com/headgate/headgate/policy"
)

// findKept finds out what the request names of what backends keep. It keeps the request to
// the backend that has it, and takes from the ids what only the gateway understands. Where no
// backend of the pool keeps anything, what is named is a field that none supports.
func (p *plan) findKept(req *exchange.Request) (exchange.Verdict, error) {
	k := keeperOf(p.ex.Dialect)
	if req.Operation.OfKept() {
		return p.findOfPath(req), nil
	}
	if k == nil || req.Operation != exchange.Chat && req.Operation != exchange.CountTokens {
		return exchange.Verdict{}, nil
	}
	var ids []canon.KeptID
	ids, p.keeps = k.KeptIDs(req.Body)
	var edits []exchange.Edit
	for i := range ids {
		id, ok := p.split([]byte(canon.Str(ids[i].Text)))
		switch {
		case p.foreign(&ids[i], id, ok):
			edits = append(edits, exchange.Edit{Text: ids[i].Text})
		case ok:
			edits = append(edits, exchange.Edit{Text: ids[i].Text, With: string(id.Provider)})
			p.sent(id, canon.Str(ids[i].Text))
		}
		if v := p.pinBy(&ids[i], id, ok); v.Action != exchange.Pass {
			return v, nil
		}
	}
	if len(edits) == 0 {
		return exchange.Verdict{}, nil
	}
	return exchange.Verdict{}, req.Rewrite(edits...)
}

// foreign reports whether an id of what stands in the request without what it says was not given
// to who asks. It does not leave: whoever has learnt another's would have the provider go on with
// what that says. A server that knows ids of its own alone is not sent the rest, either.
func (p *plan) foreign(named *canon.KeptID, id stateid.ID, split bool) bool {
	kept := p.stage.kept
	return named.Bare && !kept.plain[p.ex.Dialect] && p.pool.speaks(p.ex.Dialect) && p.mayKeep() &&
		(!split || kept.find(id, kept.owner(&p.ex.Caller)) == nil)
}

// split takes an id apart. Where ids pass as they came, one that this gateway has not given
// stays whole: the backend may be a gateway that gave it.
func (p *plan) split(text []byte) (stateid.ID, bool) {
	kept := p.stage.kept
	id, ok := stateid.Split(text)
	if ok && kept.plain[p.ex.Dialect] && kept.find(id, kept.owner(&p.ex.Caller)) == nil {
		return stateid.ID{}, false
	}
	return id, ok
}

// sent takes note of how the client writes an id: in the answer it stands as it does in the
// request, whatever model it was given for.
func (p *plan) sent(id stateid.ID, as string) {
	if p.theirIDs == nil {
		p.theirIDs = make(map[string]string)
	}
	p.theirIDs[string(id.Provider)] = as
}

// pinBy keeps the request to the backend that an id leads to.
func (p *plan) pinBy(named *canon.KeptID, id stateid.ID, split bool) exchange.Verdict {
	kept := p.stage.kept
	switch {
	case named.Minted && !named.Also:
		return refuseMinted(named)
	case named.Also || !split && kept.plain[p.ex.Dialect] || !p.pool.speaks(p.ex.Dialect):
		return exchange.Verdict{}
	case !p.mayKeep():
		return refuseKeyless(p.pool, named.Field)
	}
	var b *policy.Backend
	if split {
		b = kept.find(id, kept.owner(&p.ex.Caller))
	}
	if b == nil || p.pinned != nil && b != p.pinned || !p.pool.has(b, p.ex.Dialect) {
		return stateid.NotKept(named.Field, canon.Str(named.Text))
	}
	p.pinned = b
	return exchange.Verdict{}
}

// mayKeep reports whether a backend of the pool keeps something for clients.
func (p *plan) mayKeep() bool {
	for _, t := range p.pool.targets {
		if t.dialect.Name() == p.ex.Dialect && len(p.stage.kept.keys(t.backend)) > 0 {
			return true
		}
	}
	return false
}

// speaks reports whether a target is asked in a dialect.
func (p *pool) speaks(dialect string) bool {
	for _, t := range p.targets {
		if t.dialect.Name() == dialect {
			return true
		}
	}
	return false
}

// has reports whether a backend is one of the pool's that are asked in a dialect.
func (p *pool) has(b *policy.Backend, dialect string) bool {
	t := p.find(b.Name, "")
	return t != nil && t.dialect.Name() == dialect
}

// refuseMinted refuses a reference to a part of an answer that no provider keeps.
func refuseMinted(named *canon.KeptID) exchange.Verdict {
	v := exchange.Denied(400, exchange.ReasonUnsupported,
		fmt.Sprintf("Item with id '%s' is of an answer that no provider keeps: send the item itself. Clients do so by themselves if store is false.", exchange.Clip(canon.Str(named.Text), exchange.MaxText)))
	v.Param = named.Field
	return v
}

// refuseKeyless refuses what names something at backends for which no key is known.
func refuseKeyless(pool *pool, field string) exchange.Verdict {
	v := exchange.Denied(400, exchange.ReasonUnsupported,
		fmt.Sprintf("Backend %q keeps nothing for clients: it has no credential from which a key of its ids could be made. Send the whole conversation, or have the gateway's operators set state.key in its policy.", pool.targets[0].backend.Name))
	v.Param = field
	return v
}
