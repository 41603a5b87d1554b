package index

import (
	"slices"
	"sync/atomic"
	"unsafe"
)

// space has the vectors that are compared with each other. Writers are one at a time; who searches
// looks at the view that was there when it began.
type space struct {
	place place
	view  atomic.Pointer[view]
}

// view is what a space has at a moment. It does not change: writers make another one, and write
// nothing into memory that a view shows.
type view struct {
	chunks []*chunk
	tail   int // places of the last chunk that are taken; of the others all are
}

// chunk is memory for vectors, one after the other.
type chunk struct {
	vectors []float32
	items   []*item
	gone    int // of the items; guarded by Index.mu
}

// state is what changes of an item without a lock.
type state struct {
	gone atomic.Bool // it is in no view that begins from now on to matter
	used atomic.Bool // since the ring came by last
}

const (
	chunkVectors = 128
	// What Go needs for each beside vectors: maps' and allocations' shares are measured.
	itemBytes  = int64(unsafe.Sizeof(item{})) + 112
	spaceBytes = int64(unsafe.Sizeof(space{})+unsafe.Sizeof(view{})+unsafe.Sizeof(place{})) + 64
	chunkBytes = int64(unsafe.Sizeof(chunk{})) + 16
)

func newSpace(at place) *space {
	s := &space{place: at}
	s.view.Store(&view{})
	return s
}

func (s *space) empty() bool { return len(s.view.Load().chunks) == 0 }

func newChunk(places, length int) *chunk {
	return &chunk{vectors: make([]float32, places*length), items: make([]*item, places)}
}

func (c *chunk) bytes() int64 {
	return chunkBytes + 4*int64(len(c.vectors)) + 8*int64(len(c.items))
}

// put writes into a place that no view shows.
func (c *chunk) put(at int, one *item, vector []float32) {
	copy(c.vectors[at*len(vector):], vector)
	c.items[at], one.chunk = one, c
}

// add adds an item, and returns by how many bytes the space has grown.
func (s *space) add(one *item, vector []float32) (grown int64) {
	v := s.view.Load()
	n := len(v.chunks)
	if n > 0 && v.tail < len(v.chunks[n-1].items) {
		v.chunks[n-1].put(v.tail, one, vector)
		s.view.Store(&view{v.chunks, v.tail + 1})
		return 0
	}
	if n > 0 && v.tail < chunkVectors {
		last := v.chunks[n-1]
		larger, live := s.rewrite(last, v.tail, min(chunkVectors, v.tail+v.tail/4+1))
		larger.put(live, one, vector)
		s.view.Store(&view{append(slices.Clone(v.chunks[:n-1]), larger), live + 1})
		return larger.bytes() - last.bytes()
	}
	next := newChunk(min(chunkVectors, max(1, n*chunkVectors/4)), s.place.length)
	next.put(0, one, vector)
	s.view.Store(&view{append(slices.Clone(v.chunks), next), 1})
	return next.bytes() + 8
}

// rewrite copies what is not gone of the first n places of a chunk to a new one with so many
// places.
func (s *space) rewrite(c *chunk, n, places int) (to *chunk, live int) {
	to = newChunk(places, s.place.length)
	for i, one := range c.items[:n] {
		if !one.state.gone.Load() {
			to.put(live, one, c.vectors[i*s.place.length:(i+1)*s.place.length])
			live++
		}
	}
	return to, live
}

// taken is how many places of a chunk are taken.
func (v *view) taken(chunk int) int {
	if chunk == len(v.chunks)-1 {
		return v.tail
	}
	return len(v.chunks[chunk].items)
}

// drop drops an item that is gone, and returns by how many bytes the space has grown. A chunk of
// which a fourth is gone is written anew, so that the memory of the rest is free.
func (s *space) drop(one *item) (grown int64) {
	v, c := s.view.Load(), one.chunk
	at := slices.Index(v.chunks, c)
	n := v.taken(at)
	if c.gone++; c.gone == n {
		return s.without(v, at)
	}
	if c.gone*4 < len(c.items) {
		return 0
	}
	smaller, live := s.rewrite(c, n, n-c.gone)
	next := &view{slices.Clone(v.chunks), v.tail}
	if next.chunks[at] = smaller; at == len(v.chunks)-1 {
		next.tail = live
	}
	s.view.Store(next)
	return smaller.bytes() - c.bytes()
}

// without drops a chunk of which all is gone.
func (s *space) without(v *view, at int) (grown int64) {
	next := &view{slices.Delete(slices.Clone(v.chunks), at, at+1), v.tail}
	if last := len(v.chunks) - 1; at == last && at > 0 {
		next.tail = v.taken(at - 1)
	}
	s.view.Store(next)
	return -v.chunks[at].bytes() - 8
}
