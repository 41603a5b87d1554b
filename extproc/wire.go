package extproc

import (
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// phase is what a message of Envoy's is about.
type phase uint8

const (
	requestHeaders phase = iota
	requestBody
	requestTrailers
	responseHeaders
	responseBody
	responseTrailers
	phases
)

var phaseNames = [phases]string{"request_headers", "request_body", "request_trailers", "response_headers", "response_body", "response_trailers"}

// event is one message of Envoy's. Its headers and body alias the bytes that it
// came in, which do not change.
type event struct {
	bytes   []byte // that it came in
	phase   phase
	headers exchange.Headers
	body    []byte
	end     bool

	// Of the first message of a stream.
	modes                *bodyModes // how Envoy is configured, if it says so
	exchange             string     // the exchange that an attempt belongs to
	generation           string     // of the process that has it; empty: of this one
	backend, backedModel string     // that Envoy chose for an attempt
	peer                 *peerNames // names in the client's certificate; nil: Envoy asks for none
	address              string     // and port of the connection's other end; empty: the policy trusts no network
}

// bodyModes are Envoy's configured body modes, as numbers of
// ProcessingMode.BodySendMode.
type bodyModes struct {
	request, response uint64
	gate              bool // bodies come before the headers are answered
}

// holds reports whether Envoy holds an answer until it is judged; m may be nil.
func (m *bodyModes) holds() bool { return m != nil && m.gate && m.response == bodyStreamed }

// meta is one entry of the dynamic metadata that goes into Envoy's access log.
// Amounts go as text: numbers in a Struct are doubles.
type meta struct{ key, value string }

// reply is the answer to one event.
type reply struct {
	phase    phase
	mutation *exchange.Mutation // nil: pass unchanged
	status   int                // replaces the response's; 0: keep
	reroute  bool               // clear the route cache
	stream   bool               // see the response body chunk by chunk, one reply for each
	duplex   bool               // see it chunk by chunk, with any number of pieces in reply, and its trailers
	piece    *piece             // of the body, in a duplex stream; nil: none
	more     time.Duration      // that Envoy shall wait for the answer, which comes later; 0: this is an answer
	whole    bool               // in the answer to request headers: the body is replaced at once
	deny     bool               // end the exchange with the mutation's headers and body
	details  string             // of a denial, for Envoy's log
	meta     []meta
	fit      string // classes of backends that can serve the request; empty: all
}

// piece is a piece of a body in a duplex stream.
type piece struct {
	data []byte
	end  bool // of the stream: Envoy cancels the request to the provider
}
