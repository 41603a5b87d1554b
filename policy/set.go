package policy

import (
	"net/netip"
	"net/url"
	"time"

	"github.com/headgate/headgate/policy/price"
)

// Set is the compiled form of one policy document, and of what lies over it. It is
// immutable once Parse or Under returned it and safe for concurrent use; a new document
// makes a new Set.
type Set struct {
	Revision  string         // content hash of the document and of what lies over it, 12 hex digits
	Shape     string         // as Revision, of all that Envoy's routes and an exchange must agree on: weights are left out
	Listen    netip.AddrPort // where the gateway listens for clients
	Anonymous bool           // serve beyond loopback although no callers are configured
	Backends  map[string]*Backend
	Models    map[string]*Model
	Prices    *price.Catalogue // the built-in catalogue with the document's prices on top
	Unpriced  Unpriced         // what to do with a model that has no price
	BodyLimit int64            // bytes of one buffered request or response body
	Overlay   Overlay          // what lies over the document: the entries that act

	document *Set // without the overlay; nil: nothing lies over it
}

// MaxBody is the greatest BodyLimit that a policy may set, in bytes.
const MaxBody = 256 << 20

// Backend is one provider account and deployment that requests can be sent to.
type Backend struct {
	Name              string
	Provider          Provider
	Dialect           string   // "openai" or "anthropic": the wire format it speaks
	URL               *url.URL // scheme, host, optional port, path prefix without a trailing slash
	Region            string
	Credentials       []Credential // at most two; the second is the one rotated in
	WithoutCredential WithoutCredential
	CAFile            string // PEM bundle that verifies the server; empty: the system's roots
}

// Credential says where a secret is found. A Set never holds the secret itself.
type Credential struct {
	Env  string // name of an environment variable
	File string // path of a file, read again when it changes
}

// Model is a name that clients may ask for and the chain that answers it.
type Model struct {
	Name        string
	Chain       []Link        // primary, fallback, emergency
	Retries     int           // further attempts on one link after a 5xx, before the next link
	Timeout     time.Duration // of each attempt, to its response headers
	IdleTimeout time.Duration // longest silence inside a response
	Unfit       Unfit         // what to do with a field that a backend cannot express
	Nearest     bool          // begin a link with its uses in the gateway's own region
	Breaker     Breaker       // bounds of what the pool may hold
	Health      Health        // active checks of the backends; the zero value: none
}

// Breaker bounds what one model's pool may hold in one Envoy at a time. Beyond
// it requests are refused instead of piling up.
type Breaker struct {
	Connections uint32 // to backends
	Pending     uint32 // requests that wait for a connection
	Requests    uint32 // in flight
}

// Health says how Envoy asks the backends of a pool whether they are there, beside
// what it learns from their answers.
type Health struct {
	Interval time.Duration // between two checks of one backend
}

// Ejection is how long a backend stays out of its pool after its latest failures, the
// first time.
const Ejection = 10 * time.Second

// Link is one place in a chain: a backend with a model, or several with weights.
type Link struct {
	Uses []Use
}

// Use is a backend and the name that the model has there.
type Use struct {
	Backend *Backend
	Model   string
	Weight  uint32 // relative to the other uses of the link, at least 1
}

// Uses returns every use of the model's chain, in the order of the links.
func (m *Model) Uses() []Use {
	var all []Use
	for _, l := range m.Chain {
		all = append(all, l.Uses...)
	}
	return all
}

// Single returns the only use of the chain where it has exactly one: such a
// pool needs no upstream level, because nothing depends on Envoy's choice.
func (m *Model) Single() (Use, bool) {
	if len(m.Chain) == 1 && len(m.Chain[0].Uses) == 1 {
		return m.Chain[0].Uses[0], true
	}
	return Use{}, false
}

// InARow returns how many attempts in a row one backend gets before the next one's
// turn: retries + 1 where no link has several uses. Where one has, a caller goes
// through the chain use by use, and the uses of the widest link share its attempts, so
// that the other use of a link comes the sooner and the next link no later.
func (m *Model) InARow() int {
	widest := 1
	for _, l := range m.Chain {
		widest = max(widest, len(l.Uses))
	}
	return (m.Retries + widest) / widest // (retries + 1) / widest, rounded up
}

// Before returns how many attempts are made before the turn of a link, where all fail.
func (m *Model) Before(link int) int {
	uses := 0
	for _, l := range m.Chain[:link] {
		uses += len(l.Uses)
	}
	return uses * m.InARow()
}

// Attempts returns the most attempts that one exchange may cost: retries + 1 for each
// link, and at least one turn of each use.
func (m *Model) Attempts() int {
	return max(len(m.Chain)*(m.Retries+1), m.Before(len(m.Chain)))
}

// Unpriced says what happens to a model without a price. It is never free.
type Unpriced string

// The values of Unpriced.
const (
	UnpricedRefuse Unpriced = "refuse" // the document is invalid
	UnpricedFlag   Unpriced = "flag"   // served; the record carries no cost and says so; counted
)

// WithoutCredential says what happens to a backend whose credential is not set
// in the environment that runs the gateway.
type WithoutCredential string

// The values of WithoutCredential.
const (
	WithoutFail     WithoutCredential = "fail"     // the gateway does not start
	WithoutSimulate WithoutCredential = "simulate" // the simulated provider answers in its place, and says so
)

// Unfit says what happens to a request field that a backend cannot express.
type Unfit string

// The values of Unfit.
const (
	UnfitRefuse Unfit = "refuse" // 400 that names the field and the backend
	UnfitDrop   Unfit = "drop"   // left out, named in a warning header
)
