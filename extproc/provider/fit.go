package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
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

// mostNamed bounds the misfits that are named of one backend: a request may hold
// millions, and its refusal must not be greater than it is.
const mostNamed = 20

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
	var misfits []misfit
	for _, t := range p.pool.targets {
		found, v := p.misfits(t)
		if v.Action != exchange.Pass {
			return v
		}
		if len(found) == 0 {
			p.fits |= 1 << t.class
		}
		misfits = append(misfits, found...)
	}
	if p.fits == 0 {
		return unfit(misfits)
	}
	if p.fits != 1<<p.pool.classes-1 {
		p.ex.Fit = policy.FitName(p.fits, p.pool.classes)
	}
	return exchange.Verdict{}
}

// misfits returns why a target cannot serve the request, up to mostNamed reasons:
// nothing where it can.
func (p *part) misfits(t *target) ([]misfit, exchange.Verdict) {
	op := p.ex.Request.Operation
	if t.paths[op] == "" {
		return []misfit{{t.backend.Name, p.ex.Request.Path, "it does not offer this"}}, exchange.Verdict{}
	}
	if !t.translates(p.ex) {
		return nil, exchange.Verdict{}
	}
	if v := p.decode(); v.Action != exchange.Pass {
		return nil, v
	}
	var out []misfit
	for _, u := range t.dialect.Unfit(p.canon, t.canon) {
		if u.Kind == canon.Meaning && !p.pool.drop && len(out) < mostNamed {
			out = append(out, misfit{t.backend.Name, exchange.Clip(u.Field, exchange.MaxText), u.Why})
		}
	}
	return out, exchange.Verdict{}
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
