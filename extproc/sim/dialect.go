package sim

import (
	"net/http"
	"net/url"
	"time"
)

// dialect is the wire format of one provider: how it is asked, how it answers, and what
// it says of errors. It is stateless and safe for concurrent use.
type dialect interface {
	// operations are what the provider has, by path: all of them by POST.
	operations() map[string]operation
	// claims reports whether a client of the dialect sent a request to a path that
	// several dialects have, or none.
	claims(http.Header) bool
	// key returns the credential of a request, and keyless the error for one that has
	// none.
	key(http.Header) string
	keyless() *apiError
	// check refuses a request that lacks what all must carry.
	check(http.Header) *apiError
	// possible refuses a script that the dialect cannot show.
	possible(*Behaviour) error

	// requestID, answerID and callID are the ids that go with the nth exchange.
	requestID(ids idSource, seq int64) string
	answerID(ids idSource, seq int64) string
	callID(ids idSource, seq int64, n int) string

	// json renders an answer as a whole, events as a stream.
	json(*turn, *answer) []byte
	events(*turn, *answer) *stream
	// saysRefusals reports whether a refusal has a text.
	saysRefusals() bool
	// marksCache reports whether the request says what shall be cached; otherwise the
	// provider caches by itself.
	marksCache() bool
	// head sets the headers of every answer; limited: it is a 429.
	head(h http.Header, t *turn, limited bool)

	// failure is the error that the provider gives with a status, refuse that for a
	// request which makes no sense, and noPath and noMethod those for what it does
	// not have.
	failure(status int, model, key string, quota bool) *apiError
	refuse(message string) *apiError
	noPath(method, path string) *apiError
	noMethod(method, path string) *apiError
	// appendError renders an error, errorEvent puts one into a stream, and
	// errorInStream is the usual status of such a one.
	appendError(b []byte, e *apiError, requestID string) []byte
	errorEvent(body []byte) []byte
	errorInStream() int

	// offers reports whether the provider has a model of the common ones, models
	// renders a list of models, and model one of them.
	offers(model string) bool
	models(names []string, q url.Values) ([]byte, *apiError)
	model(name string) []byte
}

// operation is something that a provider does.
type operation struct {
	// read reads a request. The call is usable for what was read before an error.
	read func(body []byte) (*call, *apiError)
	// answer renders what is no model's text; nil: it is an answer that is made up.
	answer func(*turn) ([]byte, Usage)
}

// turn is a request on its way, as far as a dialect must know of it.
type turn struct {
	call      *call
	do        Behaviour
	arrived   time.Time
	took      time.Duration // since then
	requestID string
	header    http.Header // of the answer
}
