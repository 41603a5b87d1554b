package extproc

import (
	"fmt"
	"time"

	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/strict"
	"github.com/headgate/headgate/policy/wildcard"
)

// models finds the models of a policy that requests name. It is immutable and safe for concurrent
// use.
type models struct {
	set    *policy.Set
	index  *wildcard.Index
	listed []exchange.ListedModel
}

func newModels(set *policy.Set) *models {
	m := &models{set: set, index: set.Index()}
	for _, name := range set.Listed() {
		m.listed = append(m.listed, exchange.ListedModel(name))
	}
	return m
}

// resolve finds the policy's model that a request is for, and the name that it is asked by.
func (p *Pipeline) resolve(req *exchange.Request, who *exchange.Caller, now time.Time) (model, name string, v exchange.Verdict) {
	if req.Operation.OfKept() {
		model, v = p.kept.resolve(req, who)
		return model, model, v
	}
	return p.models.resolve(req, who, now)
}

// resolve finds the policy's model that a request names, and the name that it is asked by. It comes
// before the first stage, so that each knows the model. A list of models needs none, and one that
// the caller may not ask for is in no list of its own.
func (m *models) resolve(req *exchange.Request, who *exchange.Caller, now time.Time) (model, name string, v exchange.Verdict) {
	listing := req.Operation == exchange.Models
	if listing && req.Model == "" {
		return "", "", exchange.Verdict{}
	}
	name = req.Model
	model, ok := m.index.Find(name)
	if !ok && !listing && m.set.Default != "" {
		name = m.set.Default
		model, ok = m.index.Find(name)
	}
	priced := ok && m.priced(model, name, now)
	switch {
	case priced && !listing:
		return model, name, exchange.Verdict{}
	case priced && who.May(model, name):
		return "", "", exchange.Verdict{}
	case ok && !listing && who.May(model, name):
		return "", "", unserved(fmt.Sprintf("The model %q is not served by this gateway: no price is known of it. The operator of this gateway can set one.", name))
	}
	return "", "", unserved(m.unknown(req, who))
}

// priced reports whether one of the backends that may be asked for a name of a wildcard has a price
// of it. Of other models the policy was refused if they have none.
func (m *models) priced(model, name string, now time.Time) bool {
	of := m.set.Models[model]
	if !of.Wildcard || m.set.Unpriced != policy.UnpricedRefuse {
		return true
	}
	for i := range of.Chain {
		for _, u := range of.Chain[i].Uses {
			u.Model = wildcard.Fill(model, name, u.Model)
			if m.set.Priced(u, now) {
				return true
			}
		}
	}
	return false
}

func unserved(message string) exchange.Verdict {
	v := exchange.Denied(404, exchange.ReasonModelNotFound, message)
	v.Param = "model"
	return v
}

// unknown says to a client that the model it asks for is not served.
func (m *models) unknown(req *exchange.Request, who *exchange.Caller) string {
	if req.Operation == exchange.Models {
		return "The model '" + client.Quote(req.Model) + "' is not served by this gateway."
	}
	asked := exchange.Clip(req.Model, 100)
	if len(asked) < len(req.Model) {
		asked += "..."
	}
	message := fmt.Sprintf("The model %q is not served by this gateway.", asked)
	var names []string
	for _, listed := range who.Sees(m.listed) {
		names = append(names, listed.Name)
	}
	if meant := strict.Suggest(req.Model, names); meant != "" {
		message += fmt.Sprintf(" Did you mean %q?", meant)
	}
	return message
}
