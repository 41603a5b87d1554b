package wire

import (
	"net/http"
	"net/url"
	"time"
)

// Dialect is the wire format of one provider: how it is asked, how it answers, and what
// it says of errors. It is stateless and safe for concurrent use.
type Dialect interface {
	// Operations are what the provider has, by path: all of them by POST.
	Operations() map[string]Operation
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
	// AppendError renders an error, ErrorEvent puts one into a stream, and
	// ErrorInStream is the usual status of such a one.
	AppendError(b []byte, e *Error, requestID string) []byte
	ErrorEvent(body []byte) []byte
	ErrorInStream() int

	// Offers reports whether the provider has a model of the common ones, Models
	// renders a list of models, and Model one of them.
	Offers(model string) bool
	Models(names []string, q url.Values) ([]byte, *Error)
	Model(name string) []byte
}

// Operation is something that a provider does.
type Operation struct {
	// Read reads a request. The call is usable for what was read before an error.
	Read func(body []byte) (*Call, *Error)
	// Answer renders what is no model's text; nil: it is an answer that is made up.
	Answer func(*Turn) ([]byte, Usage)
}

// Turn is a request on its way, as far as a dialect must know of it.
type Turn struct {
	Call      *Call
	Do        Behaviour
	Arrived   time.Time
	Took      time.Duration // since then
	RequestID string
	Header    http.Header // of the answer
}
