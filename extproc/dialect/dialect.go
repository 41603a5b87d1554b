// Package dialect lists the wire formats that clients and backends speak. A subfolder
// is one dialect: it returns a struct, and this package says what is asked of it. A
// further one is a folder and a line in kinds.go.
//
// Between two dialects the canonical form stands (extproc/canon), so that n dialects
// are n folders and not n times n.
package dialect

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// A Client is a dialect that clients speak: the end of the gateway that they see. It
// is stateless and safe for concurrent use; what it returns may alias what it was
// given.
type Client interface {
	Name() string
	exchange.Dialect

	// RequestIDHeader names the header in which clients look for the id of an answer, to ask
	// for support by it.
	RequestIDHeader() string

	// EncodeAnswer appends a whole answer to dst.
	EncodeAnswer(dst []byte, r *canon.Response, c canon.Client) []byte
	// Encoder starts writing a stream.
	Encoder(canon.Client) canon.StreamEncoder
	// EncodeFault appends an error body to dst, the only way to one, and returns the
	// status that goes with a provider's fault.
	EncodeFault(dst []byte, f *canon.Fault) ([]byte, int)
	// Models renders a page of the list of models, after which there are more or not.
	Models(page []exchange.ListedModel, more bool) []byte
	// Model renders one model.
	Model(exchange.ListedModel) []byte
}

// A Backend is a dialect that servers of models speak. It is stateless and safe for
// concurrent use; what it returns may alias what it was given.
type Backend interface {
	Name() string

	// Path returns where a model answers an operation, below the base URL; empty:
	// it does not. In that of an operation on what the server keeps, {id} stands for its id.
	Path(op exchange.Operation, model string, stream bool) string
	// Unsupported lists what a server cannot express of a request.
	Unsupported(*canon.Request, canon.Target) []canon.Unsupported
	// Encode appends a request to dst and names what it left out.
	Encode(dst []byte, r *canon.Request, t canon.Target) ([]byte, canon.Dropped, error)
	// Sign adds the headers that servers demand beside the credential and the backend's
	// own. It comes last: path, headers and body of the attempt are as they leave.
	Sign(at *exchange.Attempt)

	// DecodeAnswer reads a whole answer. The error is a *canon.Fault.
	DecodeAnswer(body []byte) (*canon.Response, error)
	// Decoder starts reading a stream; native: for a client of the same dialect, which
	// also gets what no other dialect understands.
	Decoder(native bool) canon.StreamDecoder
	// Damage says what an event of a stream that cannot be read may have been.
	Damage(scan.Event) canon.Damage
	// DecodeFault reads an error; a status of 0 is one in a 200 response.
	DecodeFault(status int, body []byte) *canon.Fault
}

// Counter is a dialect in which the tokens of a request can be counted (exchange.CountTokens).
type Counter interface {
	// CountMembers are the members of a request that servers take in order to count it.
	CountMembers() []string
	// ReadCount reads how many tokens a server has counted. The error is a *canon.Fault.
	ReadCount(body []byte) (int64, error)
	// AppendCount appends to dst what a client gets.
	AppendCount(dst []byte, tokens int64) []byte
}

// Native is a dialect at both ends at once: bytes pass as they came, and only what
// the exchange must know is read.
type Native interface {
	// Adapt appends the body for a backend to dst, with the settings as its model
	// takes them, and names what that lost. It returns false if the request can go as
	// it came.
	Adapt(dst []byte, req *exchange.Request, t *canon.Target) ([]byte, canon.Dropped, bool)
	// Mend takes out of a body for a backend what the backend would refuse of a
	// history that other servers wrote, and names what that loses. It returns false if
	// the body can go as it is.
	Mend(body []byte, t *canon.Target) ([]byte, canon.Dropped, bool)
	// MayRefuse reports whether a body may hold what the backend's model refuses whoever
	// sends it: parts of some kind, tools, or their names.
	MayRefuse(body []byte, t *canon.Target) bool
	// Scattered reports whether the backend wants parts of a history together that
	// stand apart in a body, so that it must be written anew.
	Scattered(body []byte, t *canon.Target) bool
	// ReadResponse fills the fields of a JSON response and its usage from its
	// body. The error is a *canon.Fault if the body is an error; any other one says
	// that the body is not what the dialect promises.
	ReadResponse(exchange.Operation, *exchange.Response, *canon.Usage) error
	// Skim starts reading a stream that passes.
	Skim(req *exchange.Request, resp *exchange.Response, usage *canon.Usage) exchange.Skimmer
	// Streamable reports whether a server's stream can carry all that a request for a
	// whole answer asks for.
	Streamable(body []byte, t *canon.Target) bool
	// Fold starts making a whole answer of a stream.
	Fold() exchange.Folder
}

// A Keeper is a dialect whose servers keep things for their clients, which later requests name
// by their ids.
type Keeper interface {
	// KeptIDs returns the ids of such things in the body of a request, in the order in which
	// they stand there, and whether the answer is kept or names what is.
	KeptIDs(body []byte) (ids []canon.KeptID, keeps bool)
	// GivenIDs calls found with the value of each member that holds such an id, in a whole
	// answer or in the data of an event, in the order in which they stand there.
	GivenIDs(text []byte, found func(scan.Value))
}

// Dialect is a wire format in all its roles.
type Dialect interface {
	Client
	Backend
	Native
}
