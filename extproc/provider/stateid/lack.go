package stateid

import (
	"fmt"

	"github.com/headgate/headgate/extproc/exchange"
)

// lack is how a dialect says that something is not there.
type lack struct {
	reason  exchange.Reason
	message string // with the id
}

// lacks are by the field that names it. That of a path is empty.
var lacks = map[string]lack{
	"previous_response_id": {exchange.ReasonNoPrevious, "Previous response with id '%s' not found."},
	"conversation":         {exchange.ReasonNoConversation, "Conversation with id '%s' not found."},
	"input":                {exchange.ReasonNoItem, "Item with id '%s' not found."},
	"thread":               {exchange.ReasonNoThread, "thread: the previous message '%s' was not found"},
	"":                     {exchange.ReasonNoResponse, "Response with id '%s' not found."},
}

// NotKept says in the words of the API that what a field names is not there; an empty one is
// the path. It says the same of what is not for who asks.
func NotKept(field, id string) exchange.Verdict {
	is := lacks[field]
	v := exchange.Denied(404, is.reason, fmt.Sprintf(is.message, exchange.Clip(id, exchange.MaxText)))
	v.Param = field
	return v
}
