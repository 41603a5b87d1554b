package self

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/policypb"
)

// digest is the SHA-256 of a token: tokens are looked up by it, so that the time a look-up
// takes says nothing of them.
type digest [sha256.Size]byte

// call is an own call from Do until its row is closed. The client's lock guards it.
type call struct {
	own     exchange.Own
	digest  digest // of its token
	taken   bool   // its exchange has begun
	charged int64  // nano-USD, of the day's bound
}

// open makes the token of a call, unless the call must not be made.
func (c *Client) open(in *Call) (token string, opened *call, err error) {
	token = rand.Text() + rand.Text()
	if c.process != "" {
		token = c.process + "." + token
	}
	opened = &call{own: exchange.Own{Feature: in.Feature, Parent: in.Parent}, digest: sha256.Sum256([]byte(token))}
	c.mu.Lock()
	defer c.mu.Unlock()
	if in.Parent != "" && c.exchanges[in.Parent] != nil {
		return "", nil, fmt.Errorf("%w: exchange %s is one", ErrLoop, in.Parent)
	}
	if !c.bound.open(c.now()) {
		return "", nil, ErrBound
	}
	c.tokens[opened.digest] = opened
	return token, opened, nil
}

// Claim finds the own call of which an exchange is, by the token in its headers; nil: it is none.
// A token counts once.
func (c *Client) Claim(token []byte, id string) *exchange.Own {
	if c == nil {
		return nil
	}
	d := digest(sha256.Sum256(token))
	c.mu.Lock()
	defer c.mu.Unlock()
	found := c.tokens[d]
	if found == nil || subtle.ConstantTimeCompare(found.digest[:], d[:]) != 1 {
		return nil
	}
	delete(c.tokens, d)
	found.taken = true
	c.exchanges[id] = found
	return &found.own
}

// abandon ends the wait for an answer, and makes the token void. It reports whether the call's
// exchange has begun.
func (c *Client) abandon(of *call) (taken bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tokens, of.digest)
	return of.taken
}

// Take implements record.Sink: the row of an own call says what it cost in the end.
func (c *Client) Take(r *policypb.Row) {
	id := cmp.Or(r.OpenedAs, r.Exchange)
	c.mu.Lock()
	of := c.exchanges[id]
	delete(c.exchanges, id)
	c.mu.Unlock()
	if of == nil {
		return
	}
	nano := r.GetCostNanoUsd()
	for _, a := range r.Tried {
		nano += a.GetCostNanoUsd()
	}
	c.charge(of, nano)
}

// charge takes from the day's bound what a call has cost as far as it is known.
func (c *Client) charge(of *call, nano int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	more := nano - of.charged
	if more <= 0 {
		return
	}
	of.charged = nano
	c.bound.take(c.now(), more)
	c.metrics.cost.WithLabelValues(of.own.Feature).Add(float64(more) / 1e9)
}
