package index

import (
	"math"
	"slices"

	"github.com/headgate/headgate/extproc/cache/store"
)

// Nearest appends to dst the k entries of a space whose vectors are nearest to one, the nearest
// first. The vector has length 1. Those that are expired are not among them.
func (x *Index) Nearest(in store.Space, embedder string, vector []float32, k int, dst []Found) []Found {
	x.mu.RLock()
	s := x.spaces[place{in, embedder, len(vector)}]
	x.mu.RUnlock()
	if s == nil || k <= 0 {
		return dst
	}
	b := best{now: x.now().UnixNano(), k: k, first: len(dst), found: dst, least: float32(math.Inf(-1))}
	s.view.Load().search(vector, &b)
	if b.expired != nil {
		x.drop(b.expired)
	}
	return b.found
}

// search looks at all vectors.
func (v *view) search(vector []float32, b *best) {
	for i, c := range v.chunks {
		rest := c.vectors
		for _, one := range c.items[:v.taken(i)] {
			cosine := dot(vector, rest[:len(vector)])
			rest = rest[len(vector):]
			if cosine > b.least {
				b.see(one, cosine)
			}
		}
	}
}

// dot is the dot product of two vectors of one length, which is the cosine if both have length 1.
// Eight sums at once keep the processor from waiting for each addition.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for len(a) >= 8 && len(b) >= 8 {
		x, y := (*[8]float32)(a), (*[8]float32)(b)
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		s4 += x[4] * y[4]
		s5 += x[5] * y[5]
		s6 += x[6] * y[6]
		s7 += x[7] * y[7]
		a, b = a[8:], b[8:]
	}
	for i := range a {
		s0 += a[i] * b[i]
	}
	return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
}

// best keeps the k best that a search has seen.
type best struct {
	now     int64
	k       int
	first   int // of found, that is of this search
	found   []Found
	least   float32 // what is no better is not among them
	expired *item   // one that was seen
}

// see takes an item in that is better than the least.
func (b *best) see(one *item, cosine float32) {
	switch {
	case one.state.gone.Load():
		return
	case one.expires <= b.now:
		b.expired = one
		return
	case len(b.found)-b.first == b.k:
		b.found = b.found[:len(b.found)-1]
	}
	f := Found{one.key, one.id, float64(max(-1, min(1, cosine)))}
	at := len(b.found)
	for at > b.first && b.found[at-1].Cosine < f.Cosine {
		at--
	}
	b.found = slices.Insert(b.found, at, f)
	if n := len(b.found); n-b.first == b.k {
		b.least = float32(b.found[n-1].Cosine)
	}
}

// drop removes an item that has expired.
func (x *Index) drop(one *item) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !one.state.gone.Load() {
		x.remove(one, expired)
	}
}
