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
// stage, so that each knows the model. A list of models needs none.
func (m models) resolve(req *exchange.Request) (string, exchange.Verdict) {
	if req.Operation == exchange.Models && req.Model == "" {
		return "", exchange.Verdict{}
	}
	if _, ok := slices.BinarySearch(m, req.Model); ok {
		if req.Operation == exchange.Models {
			return "", exchange.Verdict{}
		}
		return req.Model, exchange.Verdict{}
	}
	v := exchange.Denied(404, exchange.ReasonModelNotFound, m.unknown(req))
	v.Param = "model"
	return "", v
}

// unknown says to a client that the model it asks for is not served.
func (m models) unknown(req *exchange.Request) string {
	if req.Operation == exchange.Models {
		return "The model '" + client.Quote(req.Model) + "' is not served by this gateway."
	}
	asked := exchange.Clip(req.Model, 100)
	if len(asked) < len(req.Model) {
		asked += "..."
	}
	message := fmt.Sprintf("The model %q is not served by this gateway.", asked)
	if meant := strict.Suggest(req.Model, m); meant != "" {
		message += fmt.Sprintf(" Did you mean %q?", meant)
	}
	return message
}
