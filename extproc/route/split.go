package route

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// UserHeader is how a caller says on whose behalf it asks.
const UserHeader = "x-headgate-user"

// split chooses the order in which a caller goes through a chain with weights.
//
// Each use draws a number from the caller, and the smallest draw over weight wins.
// Hence the promise: a use gets its share of the callers, and where its weight grows
// callers move to it and between no others. Nothing is kept, so it holds on every
// pair, after a restart, and whatever the order in the document.
type split struct {
	model *policy.Model
	uses  [][][]byte // by link: what names each of its uses
}

// newSplit returns nil for a chain that has but one order.
func newSplit(m *policy.Model) *split {
	if m.Orders() == 1 {
		return nil
	}
	s := &split{model: m}
	for _, l := range m.Chain {
		var names [][]byte
		for _, u := range l.Uses {
			names = append(names, []byte(u.Backend.Name+"/"+u.Model))
		}
		s.uses = append(s.uses, names)
	}
	return s
}

// order is the value of policy.SplitHeader. It is all of the caller that leaves the
// stage.
func (s *split) order(req *exchange.Request) string {
	h := sha256.New()
	s.caller(h, req)
	caller := h.Sum(nil)
	first := make([]int, len(s.uses))
	for l, link := range s.model.Chain {
		best := math.Inf(1)
		for i, u := range link.Uses {
			if d := draw(h, caller, s.uses[l][i]) / float64(u.Weight); d < best {
				best, first[l] = d, i
			}
		}
	}
	return strconv.Itoa(s.model.Order(first))
}

// caller hashes the user on whose behalf the request is made. A request that names
// none is a caller of its own, so that an application that asks for everybody with one
// key does not go whole to one use. The model is part of it, so that the same callers
// are not first in every canary.
func (s *split) caller(h hash.Hash, req *exchange.Request) {
	h.Write([]byte(s.model.Name + "\x00"))
	switch user := req.Headers.Get(UserHeader); {
	case len(user) > 0:
		h.Write(user)
	case req.User != "":
		h.Write([]byte(req.User))
	default:
		h.Write(binary.BigEndian.AppendUint64([]byte{0}, rand.Uint64()))
	}
}

// draw is an exponentially distributed number of a caller's for a use.
func draw(h hash.Hash, caller, use []byte) float64 {
	h.Reset()
	h.Write(caller)
	h.Write(use)
	bits := binary.BigEndian.Uint64(h.Sum(nil)) >> 11 // as many as a float64 holds
	return -math.Log((float64(bits) + 0.5) / (1 << 53))
}
