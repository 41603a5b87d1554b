package extproc

import (
	"fmt"
	"slices"

	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/strict"
)

// models are the names of a policy's models, sorted.
type models []string

// resolve finds the policy's model that a request names. It comes before the first
// stage, so that each knows the model. A list of models needs none, and one that the caller
// may not ask for is in no list of its own.
func (m models) resolve(req *exchange.Request, who *exchange.Caller) (string, exchange.Verdict) {
	listing := req.Operation == exchange.Models
	if listing && req.Model == "" {
		return "", exchange.Verdict{}
	}
	_, ok := slices.BinarySearch(m, req.Model)
	switch {
	case ok && !listing:
		return req.Model, exchange.Verdict{}
	case ok && who.May(req.Model):
		return "", exchange.Verdict{}
	}
	v := exchange.Denied(404, exchange.ReasonModelNotFound, m.unknown(req, who))
	v.Param = "model"
	return "", v
}

// unknown says to a client that the model it asks for is not served.
func (m models) unknown(req *exchange.Request, who *exchange.Caller) string {
	if req.Operation == exchange.Models {
		return "The model '" + client.Quote(req.Model) + "' is not served by this gateway."
	}
	asked := exchange.Clip(req.Model, 100)
	if len(asked) < len(req.Model) {
		asked += "..."
	}
	message := fmt.Sprintf("The model %q is not served by this gateway.", asked)
	if meant := strict.Suggest(req.Model, who.Sees(m)); meant != "" {
		message += fmt.Sprintf(" Did you mean %q?", meant)
	}
	return message
}
