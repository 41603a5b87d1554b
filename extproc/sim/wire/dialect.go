package wire

import (
	"net/http"
	"net/url"
	"time"
)

// Dialect is the wire format of one provider: how it is asked, how it answers, and what
// it says of errors. It is safe for concurrent use.
type Dialect interface {
	// Operations are what the provider has. Of two that fit a path the first is meant.
	Operations() []Operation
	// Claims reports whether a client of the dialect sent a request to a path that
	// several dialects have, or none.
	Claims(http.Header) bool
	// Key returns the credential of a request, and Keyless the error for one that has
	// none.
	Key(http.Header) string
	Keyless() *Error
	// Check refuses a request that lacks what all must carry.
	Check(http.Header) *Error
	// Possible refuses a script that the dialect cannot show.
	Possible(*Behaviour) error

	// RequestID, AnswerID and CallID are the ids that go with the nth exchange.
	RequestID(ids IDs, seq int64) string
	AnswerID(ids IDs, seq int64) string
	CallID(ids IDs, seq int64, n int) string

	// JSON renders an answer as a whole, Events as a stream.
	JSON(*Turn, *Answer) []byte
	Events(*Turn, *Answer) *Stream
	// SaysRefusals reports whether a refusal has a text.
	SaysRefusals() bool
	// MarksCache reports whether the request says what shall be cached; otherwise the
	// provider caches by itself.
	MarksCache() bool
	// Head sets the headers of every answer; limited: it is a 429.
	Head(h http.Header, t *Turn, limited bool)

	// Failure is the error that the provider gives with a status, Refuse that for a
	// request which makes no sense, and NoPath and NoMethod those for what it does
	// not have.
	Failure(status int, model, key string, quota bool) *Error
	// Reject is the 400 of a cause that Behaviour.Reject names.
	Reject(cause string, c *Call) *Error
	Refuse(message string) *Error
	NoPath(method, path string) *Error
	NoMethod(method, path string) *Error
	// AppendError renders an error.
	AppendError(b []byte, e *Error, requestID string) []byte
	// Failed renders an answer that fails with status 200, ErrorEvents what of a stream
	// comes in that place after so many events, and ErrorInStream is the usual status of
	// such an error.
	Failed(t *Turn, e *Error) []byte
	ErrorEvents(t *Turn, e *Error, sent int) []byte
	ErrorInStream() int

	// Offers reports whether the provider has a model of the common ones, Models
	// renders a list of models, and Model one of them.
	Offers(model string) bool
	Models(names []string, q url.Values) ([]byte, *Error)
	Model(name string) []byte
}

// Operation is something that a provider does.
type Operation struct {
	Method string // empty: POST
	Path   string // a segment {id} stands for any
	// Read reads a request. The call is usable for what was read before an error.
	Read func(*Request) (*Call, *Error)
	// Answer renders what is no model's text; nil: it is an answer that is made up.
	Answer func(*Turn) ([]byte, Usage)
	// Again renders as a stream what was answered before, if the call asks for one.
	Again func(*Turn) *Stream
}

// Request is what an operation reads.
type Request struct {
	Body    []byte
	IDs     []string // what the segments {id} of the path stand for
	Query   url.Values
	Account string // whose state it is: the host that was asked, and the credential
	Arrived time.Time
}

// Turn is a request on its way, as far as a dialect must know of it.
type Turn struct {
	Call      *Call
	Do        Behaviour
	Arrived   time.Time
	Took      time.Duration // since then
	RequestID string
	IDs       IDs
	Seq       int64       // of the exchange
	Header    http.Header // of the answer
}
