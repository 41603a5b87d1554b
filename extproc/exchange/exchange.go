// Package exchange holds the nouns of the data plane: one request and its whole
// response, what a stage may see of it and what it may decide.
//
// Every field of an Exchange has one writer, which its comment names; all others
// only read. Attempts apart, an Exchange belongs to its own stream and is not
// for concurrent use; its Request does not change once the stages have seen it. The package knows
// neither Envoy nor a store nor a provider.
package exchange

import "time"

// Operation is what a client asks for, whatever the dialect.
type Operation string

// The operations.
const (
	Chat        Operation = "chat"
	Embeddings  Operation = "embeddings"
	CountTokens Operation = "count_tokens"
	Models      Operation = "models"
)

// Exchange is one request and its whole response, streamed or not.
type Exchange struct {
	// Written when the stream opens.
	ID       string // ULID
	Revision string // of the policy that the exchange is pinned to
	Started  time.Time
	Dialect  string // the client's: "openai" or "anthropic"
	Request  Request

	// Written by the route stage; of a pool with several backends, the provider
	// stage adds who answered.
	Route Route

	// Written by the provider stage.
	Response Response
	Usage    Usage
	Attempts Attempts // of a pool with several backends
	Tries    Tries    // prepares them
	Fit      string   // names the backends that can serve the request; empty: all of the pool
	Dropped  []string // request fields that the answering backend did not get

	// Written by the meter stage.
	Cost Cost

	// Written by the stream loop.
	Refused    Verdict // what the client got instead of going to a backend, if anything
	Replaced   Verdict // the denial that the client got in the place of what came back, if any
	FirstToken time.Time
	Ended      time.Time
}

// Request is what the client sent, and what becomes of it.
type Request struct {
	Operation Operation
	Method    string
	Path      string // without the query
	Headers   Headers
	Body      []byte // as it came; never changed in place

	// Read from the body before the first stage.
	Model     string // as the client wrote it
	Stream    bool
	WantUsage bool // the client asked for usage in the stream
	Choices   int  // the answers that the client asked for at once; 0: it does not say, which is one
	User      string
	Spans     Spans

	// Written by the route stage.
	Deadline time.Duration // of the whole exchange, that the caller asked for; 0: none

	Out Mutation // what leaves for the provider
}

// Span is a range of bytes of the request body; empty where the field is absent.
type Span struct{ Start, End int }

// Spans says where fields that may be rewritten stand in the request body.
type Spans struct {
	Model         Span // the value
	StreamOptions Span // the value
	IncludeUsage  Span // the value, inside StreamOptions
	First         int  // offset behind the opening brace
	Empty         bool // the object has no members
}

// Route is where the exchange goes.
type Route struct {
	Model    string // the policy's model; also a metric label
	Name     string // of the Envoy route
	Backend  string // who serves it: fixed for a pool of one, else known from the attempts
	Provider string
	Serves   string        // the model's name at that backend
	Single   bool          // the pool has exactly one backend: no upstream level runs
	Idle     time.Duration // longest silence inside a stream
}

// Response is what came back, and what becomes of it.
type Response struct {
	Status   int
	Headers  Headers
	Body     []byte // the whole body; nil for a stream
	Stream   bool   // server-sent events, seen as chunks
	Local    bool   // Envoy answered, no provider did
	Complete bool   // the end was seen
	Failed   bool   // an error behind a good status: in a stream or a body, or an unreadable one
	Ended    bool   // a stream that carried its dialect's end of a whole answer
	Seen     int64  // bytes of generated text: of a stream what passed, of a JSON answer where it reports no usage
	Model    string // that the provider says it served
	ID       string // the provider's
	Attempts int    // that Envoy made

	Out Mutation // what leaves for the client
}

// Chunk is a piece of a streamed response.
type Chunk struct {
	Data []byte
	Last bool
	// Out is what the client gets in place of Data where Replace is true.
	Out     []byte
	Replace bool
}

// Cost is what an exchange costs.
type Cost struct {
	Nano    int64  // nano-USD, 1e-9 USD, rounded half-even once
	Priced  bool   // false: no price is known, which is not the same as free
	PriceID string // of the catalogue row
}
