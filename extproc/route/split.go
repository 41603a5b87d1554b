package route

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math"
	"math/rand/v2"
	"sync/atomic"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// split chooses the order in which a user goes through a chain with weights.
//
// Each use draws a number from the user, and the smallest draw over weight wins.
// Hence the promise: a use gets its share of the users, and if its weight grows
// users move to it and between no others. Nothing is kept, so it holds on every
// pair, after a restart, and whatever the order in the document.
type split struct {
	model  *policy.Model
	uses   [][]candidate // by link: the uses that it may begin with
	far    [][]candidate // by link: those that it may not, being elsewhere
	shares *Shares       // nil: each keeps all of its weight
	laid   atomic.Pointer[laid]
}

// candidate is a use that a link may begin with.
type candidate struct {
	index  int    // in the link
	name   []byte // of the use
	weight float64
}

// newSplit prepares a chain for a gateway in a region. It returns nil for a chain that
// has but one order.
func newSplit(m *policy.Model, region string, shares *Shares) *split {
	if m.Orders() == 1 {
		return nil
	}
	s := &split{model: m, shares: shares.of(m)}
	for _, l := range m.Chain {
		uses, far := candidates(l, m.Nearest, region)
		s.uses, s.far = append(s.uses, uses), append(s.far, far)
	}
	return s
}

// candidates are the link's uses, or those in the region if there are some and the
// nearest are to be preferred; far are the others then.
func candidates(l policy.Link, nearest bool, region string) (all, far []candidate) {
	var near []candidate
	for i, u := range l.Uses {
		c := candidate{i, []byte(u.Backend.Name + "/" + u.Model), float64(u.Weight)}
		all = append(all, c)
		if nearest && region != "" && u.Backend.Region == region {
			near = append(near, c)
		} else {
			far = append(far, c)
		}
	}
	if near != nil {
		return near, far
	}
	return all, nil
}

// first returns the use that each link begins with, by its index. The value of
// policy.SplitHeader is made of it, and that is all of the user that leaves the stage.
func (s *split) first(ex *exchange.Exchange) []int {
	h := sha256.New()
	s.user(h, ex)
	user := h.Sum(nil)
	first := make([]int, len(s.uses))
	for l, uses := range s.current() {
		best := math.Inf(1)
		for _, u := range uses {
			if d := draw(h, user, u.name) / u.weight; d < best {
				best, first[l] = d, u.index
			}
		}
	}
	return first
}

// user hashes the user on whose behalf the request is made, or who asks if it names
// none. A request of nobody is a user of its own. The model is part of it, so that the
// same users are not first in every canary.
func (s *split) user(h hash.Hash, ex *exchange.Exchange) {
	h.Write([]byte(s.model.Name + "\x00"))
	if user := ex.Attribution().User; user != "" {
		h.Write([]byte(user))
	} else if who := ex.Caller.Name; who != "" {
		h.Write([]byte("\x00" + who)) // a user of the same name is another
	} else {
		h.Write(binary.BigEndian.AppendUint64([]byte{0}, rand.Uint64()))
	}
}

// draw is an exponentially distributed number of a user's for a use.
func draw(h hash.Hash, user, use []byte) float64 {
	h.Reset()
	h.Write(user)
	h.Write(use)
	bits := binary.BigEndian.Uint64(h.Sum(nil)) >> 11 // as many as a float64 holds
	return -math.Log((float64(bits) + 0.5) / (1 << 53))
}
