// Package self is the one home of the calls that Headgate makes itself: a guard that asks a
// model, a repair of an answer. A call goes through the pair's own Envoy, over a Unix socket
// that it listens on beside the clients' port, and so takes the routes, pools, credentials,
// retries, meter and journal of any exchange.
//
// The promise: an own call needs no key, meets no limit, no guard and no cache, and never
// starts another own call. It is known by a random token that counts once and in this process
// alone, so no client can pass for one, whatever it sends and wherever it is connected.
//
// The trap: what own calls cost is known when their exchanges have ended, so those that are
// under way may together go beyond the policy's bound.
package self

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/policy"
)

// Features of own calls: what they are made for. They are labels of metrics, so each is a
// constant.
const (
	Guard = "guard" // a guard asks a model, or has an answer repaired
	Cache = "cache" // the cache asks a model for the vector of a text
)

// Why a call has no answer. Errors of Do wrap one of these, or are those of its context.
var (
	// ErrUnavailable says that this process has no socket of its Envoy for own calls, or that
	// nothing there took the call to this process.
	ErrUnavailable = errors.New("own calls are not available")
	// ErrBound says that the day's money for own calls is used up.
	ErrBound = errors.New("the bound of own calls is reached (own_calls: usd_per_day)")
	// ErrTooLarge says that the answer is larger than the call allows.
	ErrTooLarge = errors.New("the answer to an own call is too large")
	// ErrLoop says that the parent is an own call itself.
	ErrLoop = errors.New("an own call must not start another")
	// ErrTimeout says that the context's deadline passed before the answer was there.
	ErrTimeout = errors.New("an own call took too long")
)

// Options are what a Client needs.
type Options struct {
	Socket string // of the pair's Envoy, on which it listens for own calls; empty: there is none
	Now    func() time.Time
	// Process begins the tokens, so that another process knows whose a call is that comes
	// there; it must have no dot. Empty: none other gets any.
	Process string
}

// Client makes own calls. It is safe for concurrent use. At most maxCalls are under way; others
// wait for their turn as long as their contexts allow.
type Client struct {
	socket  string
	process string
	now     func() time.Time
	http    *http.Client
	slots   chan struct{}
	metrics *metrics

	mu        sync.Mutex
	bound     bound
	tokens    map[digest]*call // that nobody has claimed yet
	exchanges map[string]*call // claimed, by the exchange, until its row is closed
}

// maxCalls bounds the calls that are under way: more than that only wait at the provider.
const maxCalls = 64

// New makes a client, whose bound is the default of policies until Use is called.
func New(o Options, reg prometheus.Registerer) *Client {
	return &Client{
		socket: o.Socket, process: o.Process, now: o.Now, http: &http.Client{Transport: transport(o.Socket), CheckRedirect: stay},
		slots: make(chan struct{}, maxCalls), metrics: newMetrics(reg),
		bound:  bound{perDay: int64(policy.DefaultOwnCalls().USDPerDay), zone: time.UTC},
		tokens: map[digest]*call{}, exchanges: map[string]*call{},
	}
}

// Use takes the bound of a policy. What was used up of the day stays used up.
func (c *Client) Use(set *policy.Set) error {
	zone, err := time.LoadLocation(set.Timezone)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bound.perDay, c.bound.zone = int64(set.OwnCalls.USDPerDay), zone
	return nil
}

// Available reports whether there is a socket for own calls. Whether Envoy listens there shows
// when a call is made.
func (c *Client) Available() bool { return c != nil && c.socket != "" }

// Close closes the connections that no call uses. Calls that are under way go on.
func (c *Client) Close() { c.http.CloseIdleConnections() }
