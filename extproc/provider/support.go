package provider

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// DroppedHeader names the request fields that the answering backend cannot express
// and did not get.
const DroppedHeader = "x-headgate-dropped"

// unsupportedField is why a backend cannot serve a request.
type unsupportedField struct {
	backend string
	whole   bool // the request as a whole, and no field of it
	field   string
	why     string
}

// sentence says to the client why the backend cannot serve its request.
func (u *unsupportedField) sentence() string {
	if u.whole {
		return fmt.Sprintf(" Backend %q cannot serve it: %s.", u.backend, u.why)
	}
	return fmt.Sprintf(" Backend %q cannot take %q: %s.", u.backend, u.field, u.why)
}

// words name the operations that not every dialect has.
var words = map[exchange.Operation]string{
	exchange.Embeddings: "embeddings", exchange.Moderations: "moderations", exchange.CountTokens: "counts of tokens",
}

// maxNamed bounds the fields that are named of one backend: a request may hold
// millions, and its refusal must not be greater than it is.
const maxNamed = 20

// decoded reads the request into the canonical form. A denial says what is wrong with
// it.
func (p *plan) decoded() (*canon.Request, exchange.Verdict) {
	r, err := p.ex.Request.Canon()
	if err == nil {
		return r, exchange.Verdict{}
	}
	return nil, exchange.Unreadable(err)
}

// findSupporting finds out, before Envoy chooses, which backends of the pool support
// the request. If none does and the policy does not drop, it refuses. If not all do, it
// names those that do for Envoy. Envoy knows classes only: of one of which some models do
// not, no backend is asked.
func (p *plan) findSupporting() exchange.Verdict {
	var lacking []unsupportedField
	bare := p.pool.theirs && !p.ownCredential()
	all := 1<<p.pool.fit.Classes - 1
	if p.pinned != nil {
		all = p.pool.classesOf(p.pinned)
	}
	p.supporting = all
	for _, t := range p.pool.targets {
		if p.pinned != nil && t.backend != p.pinned {
			continue
		}
		if bare && t.theirs {
			p.supporting &^= 1 << t.class
			continue
		}
		found, v := p.unsupported(t)
		if v.Action != exchange.Pass {
			return v
		}
		if len(found) > 0 {
			p.supporting &^= 1 << t.class
		}
		lacking = append(lacking, found...)
	}
	switch {
	case p.supporting == 0 && len(lacking) == 0:
		return p.needsCredential()
	case p.supporting == 0 && p.counts():
		return p.uncounted()
	case p.supporting == 0:
		return refuseUnsupported(lacking)
	}
	p.leaveOutSmall()
	if p.within = p.inService(); p.within != 1<<p.pool.fit.Classes-1 || p.pinned != nil {
		p.fit()
	}
	return exchange.Verdict{}
}

// uncounted estimates what no backend counts.
func (p *plan) uncounted() exchange.Verdict {
	v, err := p.estimate(p.pool)
	if err != nil {
		return exchange.Unreadable(err)
	}
	return v
}

// unsupported returns why a target cannot serve the request, up to maxNamed reasons;
// none if it can. What is asked of something kept costs nothing, and names no model that
// could have a price.
func (p *plan) unsupported(t *target) ([]unsupportedField, exchange.Verdict) {
	op := p.ex.Request.Operation
	if t.wild && !op.OfKept() && !p.stage.set.Priced(policy.Use{Backend: t.backend, Model: t.model}, p.stage.now()) {
		return []unsupportedField{{backend: t.backend.Name, field: "model", why: "no price is known of " + t.model + " there"}}, exchange.Verdict{}
	}
	if !t.offers(op) {
		return []unsupportedField{{backend: t.backend.Name, whole: true, why: "it has no " + words[op]}}, exchange.Verdict{}
	}
	if !t.translates(p.ex) {
		return nil, exchange.Verdict{}
	}
	meaning, v := p.decoded()
	if v.Action != exchange.Pass {
		return nil, v
	}
	var out []unsupportedField
	for _, u := range t.dialect.Unsupported(meaning, t.canon) {
		refuses := u.Kind == canon.Impossible || u.Kind == canon.Meaning && !p.pool.drop
		if refuses && len(out) < maxNamed {
			out = append(out, unsupportedField{backend: t.backend.Name, field: exchange.Clip(u.Field, exchange.MaxText), why: u.Why})
		}
	}
	return out, exchange.Verdict{}
}

// refuseUnsupported refuses a request that no backend can serve, naming what each lacks.
func refuseUnsupported(lacking []unsupportedField) exchange.Verdict {
	var b strings.Builder
	b.WriteString("No backend of this model can serve the request as it is.")
	seen := map[unsupportedField]bool{}
	for _, m := range lacking {
		if !seen[m] {
			seen[m] = true
			b.WriteString(m.sentence())
		}
	}
	v := exchange.Denied(400, exchange.ReasonUnsupported, b.String())
	v.Param = lacking[0].field
	return v
}
