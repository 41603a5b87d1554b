package format

import (
	"container/list"
	"crypto/sha256"
	"sync"
)

// Bounds of the schemas that are remembered.
const (
	maxSchemas     = 256
	maxSchemaBytes = 4 << 20
)

// cache remembers the schemas of requests that were used last, and which of them cannot be used. The
// zero cache is empty. It is safe for concurrent use.
type cache struct {
	mu    sync.Mutex
	by    map[[sha256.Size]byte]*list.Element
	used  list.List // of *remembered, the one used last first
	bytes int
}

type remembered struct {
	key    [sha256.Size]byte
	size   int
	schema *schema
	err    error
}

// get returns a schema by its text. Two that ask for one at the same time may both compile it.
func (c *cache) get(text []byte) (*schema, error) {
	key := sha256.Sum256(text)
	if r := c.look(key); r != nil {
		return r.schema, r.err
	}
	s, err := compile(text)
	c.keep(&remembered{key, len(text), s, err})
	return s, err
}

func (c *cache) look(key [sha256.Size]byte) *remembered {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.by[key]
	if e == nil {
		return nil
	}
	c.used.MoveToFront(e)
	r, _ := e.Value.(*remembered)
	return r
}

func (c *cache) keep(r *remembered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[[sha256.Size]byte]*list.Element{}
	}
	if c.by[r.key] != nil || r.size > maxSchemaBytes {
		return
	}
	c.by[r.key] = c.used.PushFront(r)
	c.bytes += r.size
	for c.used.Len() > maxSchemas || c.bytes > maxSchemaBytes {
		last, _ := c.used.Remove(c.used.Back()).(*remembered)
		delete(c.by, last.key)
		c.bytes -= last.size
	}
}
