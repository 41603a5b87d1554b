// Package exchange holds the nouns of the data plane: one request and its whole
// response, what a stage may see of it and what it may decide.
//
// Every field of an Exchange has one writer, which its comment names; all others
// only read. Attempts apart, an Exchange belongs to its own stream and is not
// for concurrent use. The package knows neither Envoy nor a store nor a provider.
package exchange

import (
	"cmp"
	"slices"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/policy/wildcard"
)

// Operation is what a client asks for, whatever the dialect.
type Operation string

// The operations.
const (
	Chat        Operation = "chat"
	Embeddings  Operation = "embeddings"
	CountTokens Operation = "count_tokens"
	Moderations Operation = "moderations"
	Models      Operation = "models"
)

// The operations on a response that a provider keeps, which the path names.
const (
	GetResponse    Operation = "responses_get"
	DeleteResponse Operation = "responses_delete"
	CancelResponse Operation = "responses_cancel"
	InputItems     Operation = "responses_input_items"
)

// OfKept reports whether the operation is on something that a provider keeps: the path names it,
// and the body says nothing.
func (o Operation) OfKept() bool {
	switch o {
	case GetResponse, DeleteResponse, CancelResponse, InputItems:
		return true
	default:
		return false
	}
}

// Free reports whether providers charge nothing for the operation, and count no tokens.
func (o Operation) Free() bool {
	return o == CountTokens || o == Moderations || o == Models || o.OfKept()
}

// Exchange is one request and its whole response, streamed or not.
type Exchange struct {
	// Written by the stream loop.
	ID         string // ULID
	Revision   string // of the policy that the exchange is pinned to
	Started    time.Time
	Dialect    string  // the client's: "openai", "anthropic" or "responses"
	Model      string  // the policy's model that answers what the request names; also a metric label
	Name       string  // that Model is asked by: its own, or of a wildcard one that clients choose
	Refused    Verdict // what the client got instead of going to a backend, if anything
	Replaced   Verdict // the denial that the client got in place of what came back, if any
	FirstToken time.Time
	Ended      time.Time
	Timeline   Timeline
	Attempts   Attempts // of a pool with several backends
	Single     Single   // the attempt at a pool's only backend
	Late       bool     // a message was answered so late that Envoy may have given up on it
	// Certificate is the name in the certificate that the client has shown and Envoy verified;
	// empty: it has shown none.
	Certificate string
	// Peer is the address and the port of the other end of the client's connection; empty: the
	// policy neither trusts a network nor has clients' addresses recorded.
	Peer string
	// Own says which call of the gateway's own the exchange is; nil: it is a client's.
	Own *Own

	Request  Request
	Response Response

	// Written by the record stage, at the end.
	ClientAddress string // IP address of the client; empty: the policy does not have it recorded

	// Written by the caller stage.
	Caller    Caller
	KeyHeader string // in which the caller's key came, and which is for no provider; empty: none

	// Written by the limit stage.
	Limit Limit

	// Written by the guard stage: what each guard made of the request, and of what came back.
	Guards []Guarded

	// Written by the cache stage.
	Cached Cached

	// Written by the route stage; of a pool with several backends, the provider
	// stage adds who answered.
	Route Route

	// Written by the provider stage. Usage that no provider reported is the meter
	// stage's; that of the answer of a stage, the stream loop's.
	Usage   canon.Usage
	Fit     string            // names the backends that can serve the request; empty: all of the pool
	Counted canon.UsageSource // who has counted the tokens, if that was asked for
	Dropped []string          // request fields that the answering backend did not get
	Theirs  bool              // the answering backend was asked with the client's own credential

	// Written by the meter stage; of the answer of a stage, by the stream loop.
	Cost Cost

	// Written by the meter stage, at the end: what the last attempt will have consumed if it
	// was answered, although nothing of that was read. nil: that cannot be.
	Unseen *Spent
}

// Asks returns the name that a model has at a backend, where the policy writes it so.
func (ex *Exchange) Asks(written string) string { return wildcard.Fill(ex.Model, ex.Name, written) }

// Attribution is to whom the exchange is charged: who asks by its key, and below it what the
// request says.
func (ex *Exchange) Attribution() Attribution {
	if ex.Own != nil {
		return Attribution{Feature: ex.Own.Feature}
	}
	a, by := ex.Request.Attribute(), &ex.Caller
	a.User, a.Team = cmp.Or(by.User, a.User), cmp.Or(by.Team, a.Team)
	if len(by.Tags) == 0 {
		return a
	}
	said := a.Tags
	a.Tags = slices.Clone(by.Tags) // those of requests never crowd them out
	for _, t := range said {
		a.tag("", []byte(t))
	}
	return a
}

// Route is where the exchange goes.
type Route struct {
	Name     string // of the Envoy route
	Backend  string // who serves it: fixed for a pool of one, else known from the attempts
	Provider string
	Serves   string        // the model's name at that backend
	Written  string        // as Serves, as the policy writes it: of a wildcard it has a star
	Arm      string        // the model that the exchange's order begins with, by its name at its backend
	Single   bool          // the pool has exactly one backend: no upstream level runs
	Idle     time.Duration // longest silence inside a stream
	Total    time.Duration // longest that the exchange takes, as the policy bounds it; 0: no bound
}

// Single are the times of the attempt at the only backend of a pool, of which its exchange's own
// stream shows all that is known.
type Single struct {
	Left     time.Time // the request; zero: it has not
	Answered time.Time // the headers of an answer came, the provider's or Envoy's; zero: none
}

// Cost is what an exchange costs.
type Cost struct {
	Nano    int64  // nano-USD, 1e-9 USD, rounded half-even once
	Priced  bool   // false: no price is known, which is not the same as free
	PriceID string // of the catalogue row, or price.ByProvider
	Assumed bool   // no list has the price of the way in which it was served
}
