// Package store keeps entries of the cache: in memory, bounded by bytes, and in Redis, which pairs
// share.
//
// The promise: what cannot be read, has expired, was purged or is another's is not there; and a
// store that is slow or lost costs a request its hit, never its answer. The trap: Redis may hold
// what a pair of another version wrote, or what somebody else did.
package store

import (
	"context"
	"errors"

	"github.com/headgate/headgate/policy/cachepb"
)

// Key names an entry by what its request must be: it holds the partition, so that nobody finds
// another's.
type Key [32]byte

// Space names the entries that a question is compared with.
type Space [32]byte

// Store keeps entries. It is safe for concurrent use. Entries must not be changed once they are in
// it, nor those that it returns.
type Store interface {
	// Get returns the entry of a key; nil: there is none. Errors are ErrLost and ErrUnreadable.
	Get(ctx context.Context, key Key) (*cachepb.Entry, error)
	// Put keeps an entry until it expires, or as long as there is room. Its key, id and times are
	// set. It waits for no other store than memory.
	Put(e *cachepb.Entry)
	// Purge forgets entries, and returns how many it forgot in memory. Those in other stores are
	// not given any more, and forgotten by and by.
	Purge(p Purge) (entries int)
}

// The errors of stores. What else is wrong is in the metrics.
var (
	ErrLost       = errors.New("entries cannot be read, or not in time")
	ErrUnreadable = errors.New("the entry cannot be read")
)
