package responses

import (
	"github.com/headgate/headgate/extproc/exchange"
)

// Path returns the path of an operation below the base URL, empty for one that the
// dialect does not have.
func (Dialect) Path(op exchange.Operation, _ string, _ bool) string {
	switch op {
	case exchange.Chat:
		return "/responses"
	case exchange.CountTokens:
		return "/responses/input_tokens"
	case exchange.GetResponse, exchange.DeleteResponse:
		return "/responses/{id}"
	case exchange.CancelResponse:
		return "/responses/{id}/cancel"
	case exchange.InputItems:
		return "/responses/{id}/input_items"
	default:
		return ""
	}
}

// Sign adds nothing: servers demand no more than a credential.
func (Dialect) Sign(*exchange.Attempt) {}
