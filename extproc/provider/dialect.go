package provider

import (
	"github.com/headgate/headgate/extproc/exchange"
)

// A Dialect is one wire format, as Headgate reads it where client and backend
// both speak it: nothing is decoded that nobody asks for. It is stateless and
// safe for concurrent use.
type Dialect interface {
	Name() string

	// Read fills the fields of a request that come from its body, without
	// changing the body. A denial says what is wrong with it, and where.
	Read(*exchange.Request) exchange.Verdict

	// Adapt appends the body for a backend that speaks this dialect to dst. It
	// returns false where the request can go as it came.
	Adapt(dst []byte, req *exchange.Request, model string, usage bool) ([]byte, bool)

	// Path returns where a backend answers an operation, below its base URL.
	Path(exchange.Operation) string

	// Credential adds the headers that carry a secret, and what else the
	// dialect's servers demand.
	Credential(out *exchange.Mutation, req *exchange.Request, secret string)

	// ReadResponse fills the fields of a JSON response and its usage from its
	// body. An error says that the body is not what the dialect promises.
	ReadResponse(exchange.Operation, *exchange.Response, *exchange.Usage) error

	// Follow starts reading a streamed response. The returned Follower writes
	// to the response and the usage as events pass.
	Follow(req *exchange.Request, resp *exchange.Response, usage *exchange.Usage) exchange.Follower

	// Refusal renders a denial as the dialect's error body.
	Refusal(v *exchange.Verdict, exchangeID string) []byte

	// Models renders the list of models, or one of them where only is not
	// empty. It returns nil where that one is not in the list.
	Models(names []string, only string) []byte
}
