package provider

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// A Dialect is one wire format: read as it is where client and backend both speak
// it, and translated to and from the canonical form where they do not.
type Dialect interface {
	Native
	Translator
}

// A Translator is a dialect's two ways between its wire format and the canonical
// form. It is stateless and safe for concurrent use; what it returns may alias
// what it was given.
type Translator interface {
	// Decode reads a client's request.
	Decode(body []byte) (*canon.Request, error)
	// Unfit lists what a backend cannot express of a request.
	Unfit(*canon.Request, canon.Target) []canon.Unfit
	// Encode appends a request for a backend to dst and names what it left out.
	Encode(dst []byte, r *canon.Request, t canon.Target) ([]byte, canon.Dropped, error)

	DecodeAnswer(body []byte) (*canon.Response, error)
	EncodeAnswer(dst []byte, r *canon.Response, c canon.Client) []byte
	Decoder() canon.StreamDecoder
	Encoder(canon.Client) canon.StreamEncoder
	DecodeFault(status int, body []byte) *canon.Fault
	EncodeFault(dst []byte, f *canon.Fault) ([]byte, int)
}

// Native is one wire format, as Headgate reads it where client and backend
// both speak it: nothing is decoded that nobody asks for. It is stateless and
// safe for concurrent use.
type Native interface {
	Name() string

	// Read fills the fields of a request that come from its body, without
	// changing the body. A denial says what is wrong with it, and where.
	Read(*exchange.Request) exchange.Verdict

	// Adapt appends the body for a backend that speaks this dialect to dst. It
	// returns false where the request can go as it came.
	Adapt(dst []byte, req *exchange.Request, model string, usage bool) ([]byte, bool)

	// Path returns where a backend answers an operation, below its base URL;
	// empty: it does not.
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
