package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/canon"
	"github.com/headgate/headgate/policy"
)

// DroppedHeader names the request fields that the answering backend cannot express
// and did not get.
const DroppedHeader = "x-headgate-dropped"

// misfit is why a backend cannot serve a request.
type misfit struct {
	backend string
	field   string
	why     string
}

// decode reads the request into the canonical form, once, where a backend needs
// it. A denial says what is wrong with it.
func (p *part) decode() exchange.Verdict {
	if p.canon != nil {
		return exchange.Verdict{}
	}
	r, err := ByName(p.ex.Dialect).Decode(p.ex.Request.Body)
	if err == nil {
		p.canon = r
		return exchange.Verdict{}
	}
	v := exchange.Denied(400, exchange.ReasonBadRequest, err.Error())
	var at *canon.RequestError
	if errors.As(err, &at) {
		v.Param = at.Field
	}
	return v
}

// fit finds out, before Envoy chooses, which backends of the pool can express the
// request. It refuses where none can and the policy does not drop, and names the
// rest for Envoy where not all can.
func (p *part) fit() exchange.Verdict {
	mask, all := 0, 1<<p.pool.classes-1
	var misfits []misfit
	for _, t := range p.pool.targets {
		m, v := p.misfit(t)
		if v.Action != exchange.Pass {
			return v
		}
		if m == nil {
			mask |= 1 << t.class
			continue
		}
		misfits = append(misfits, *m)
	}
	switch mask {
	case 0:
		return unfit(misfits)
	case all:
		return exchange.Verdict{}
	}
	if p.pool.single == nil {
		p.ex.Fit = policy.FitName(mask, p.pool.classes)
	}
	return exchange.Verdict{}
}

// misfit returns why a target cannot serve the request, nil where it can.
func (p *part) misfit(t *target) (*misfit, exchange.Verdict) {
	op := p.ex.Request.Operation
	if t.paths[op] == "" {
		return &misfit{t.backend.Name, p.ex.Request.Path, "it does not offer " + string(op)}, exchange.Verdict{}
	}
	if !t.translates(p.ex) {
		return nil, exchange.Verdict{}
	}
	if v := p.decode(); v.Action != exchange.Pass {
		return nil, v
	}
	for _, u := range t.dialect.Unfit(p.canon, t.canon) {
		if u.Kind == canon.Meaning && !p.pool.drop {
			return &misfit{t.backend.Name, u.Field, u.Why}, exchange.Verdict{}
		}
	}
	return nil, exchange.Verdict{}
}

// unfit refuses a request that no backend can serve, naming what each lacks.
func unfit(misfits []misfit) exchange.Verdict {
	var b strings.Builder
	b.WriteString("No backend of this model can serve the request as it is.")
	seen := map[misfit]bool{}
	for _, m := range misfits {
		if !seen[m] {
			seen[m] = true
			fmt.Fprintf(&b, " Backend %q cannot take '%s': %s.", m.backend, m.field, m.why)
		}
	}
	v := exchange.Denied(400, exchange.ReasonUnfit, b.String())
	v.Param = misfits[0].field
	return v
}
