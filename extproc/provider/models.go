package provider

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// Lister answers requests for the list of models, or for one of them, from the
// policy: no provider is asked.
func Lister(set *policy.Set) func(*exchange.Exchange) exchange.Verdict {
	names := make([]string, 0, len(set.Models))
	for name := range set.Models {
		names = append(names, name)
	}
	slices.Sort(names)
	return func(ex *exchange.Exchange) exchange.Verdict {
		only := strings.TrimPrefix(strings.TrimPrefix(ex.Request.Path, "/v1/models"), "/")
		body := ByName(ex.Dialect).Models(names, only)
		if body == nil {
			v := exchange.Denied(404, exchange.ReasonModelNotFound, "The model '"+quote(only)+"' is not served by this gateway.")
			v.Param = "model"
			return v
		}
		return exchange.Verdict{Action: exchange.Answer, Status: 200, Body: body}
	}
}
