package sim

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// promptCache remembers prefixes of prompts by their hash. It forgets the oldest
// once it has maxCached of them. Safe for concurrent use.
type promptCache struct {
	mu      sync.Mutex
	entries map[uint64]cacheEntry
	order   []uint64
}

type cacheEntry struct {
	ttl     time.Duration
	expires time.Time
}

const (
	maxCached    = 1 << 16
	cacheStep    = 128              // tokens between the prefixes that OpenAI caches
	openAITTL    = 10 * time.Minute // since the last use
	lookBack     = 20               // blocks before a breakpoint at which Anthropic looks for a prefix
	unknownPlace = -1
)

var hashSeed = maphash.MakeSeed()

func (c *promptCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
	c.order = nil
}

// has reports whether a prefix is cached, and renews it.
func (c *promptCache) has(key uint64, now time.Time) bool {
	e, ok := c.entries[key]
	if !ok || !now.Before(e.expires) {
		return false
	}
	e.expires = now.Add(e.ttl)
	c.entries[key] = e
	return true
}

func (c *promptCache) put(key uint64, ttl time.Duration, now time.Time) {
	if _, ok := c.entries[key]; !ok {
		c.order = append(c.order, key)
		if len(c.order) > maxCached {
			delete(c.entries, c.order[0])
			c.order = c.order[1:]
		}
	}
	c.entries[key] = cacheEntry{ttl, now.Add(ttl)}
}

// automatic is OpenAI's cache: it returns how many tokens at the start of p were
// cached, in steps of 128 from minimum on, and caches the rest.
func (c *promptCache) automatic(p *wire.Prompt, scope string, minimum int, now time.Time) int {
	if p.Tokens < minimum {
		return 0
	}
	marks := marksOf(p, scope, minimum)
	c.mu.Lock()
	defer c.mu.Unlock()
	cached := 0
	for i := len(marks) - 1; i >= 0 && cached == 0; i-- {
		if c.has(marks[i].hash, now) {
			cached = marks[i].tokens
		}
	}
	for _, m := range marks {
		c.put(m.hash, openAITTL, now)
	}
	return cached
}

type mark struct {
	tokens int
	hash   uint64
}

// marksOf returns the hash of each prefix that the automatic cache knows.
func marksOf(p *wire.Prompt, scope string, minimum int) []mark {
	h := newPrefixHash(scope)
	var out []mark
	pos := 0
	advance := func() {
		if pos++; pos%cacheStep == 0 && pos >= minimum {
			out = append(out, mark{pos, h.sum()})
		}
	}
	for _, part := range p.Parts {
		if part.Fixed > 0 {
			h.add(part.Text)
			for range part.Fixed {
				advance()
			}
			continue
		}
		for text := part.Text; text != ""; {
			n := wire.TokenLen(text)
			h.add(text[:n])
			advance()
			text = text[n:]
		}
	}
	return out
}

// marked is Anthropic's cache, which knows the prefixes that cache_control marks:
// it returns the tokens read from it, and those written for 5 minutes and 1 hour.
func (c *promptCache) marked(p *wire.Prompt, scope string, minimum int, now time.Time) (read, short, long int) {
	last := unknownPlace
	for i, b := range p.Blocks {
		if b.TTL > 0 && b.Tokens >= minimum {
			last = i
		}
	}
	if last == unknownPlace {
		return 0, 0, 0
	}
	hashes := blockHashes(p, scope)
	c.mu.Lock()
	defer c.mu.Unlock()
	hit := c.longest(p, hashes, last, now)
	if hit != unknownPlace {
		read = p.Blocks[hit].Tokens
	}
	from := read
	for i := hit + 1; i <= last; i++ {
		b := p.Blocks[i]
		if b.TTL == 0 || b.Tokens < minimum {
			continue
		}
		if b.TTL == wire.LongLife {
			long += b.Tokens - from
		} else {
			short += b.Tokens - from
		}
		from = b.Tokens
		c.put(hashes[i], b.TTL, now)
	}
	return read, short, long
}

// longest returns the last block whose prefix is cached, no more than lookBack
// blocks before a breakpoint.
func (c *promptCache) longest(p *wire.Prompt, hashes []uint64, last int, now time.Time) int {
	reach := 0
	for i := last; i >= 0; i-- {
		if p.Blocks[i].TTL > 0 {
			reach = lookBack
		}
		if reach > 0 && c.has(hashes[i], now) {
			return i
		}
		reach--
	}
	return unknownPlace
}

func blockHashes(p *wire.Prompt, scope string) []uint64 {
	h := newPrefixHash(scope)
	out := make([]uint64, len(p.Blocks))
	done := 0
	for i, b := range p.Blocks {
		for ; done < b.Parts; done++ {
			h.add(p.Parts[done].Text)
		}
		out[i] = h.sum()
	}
	return out
}

// prefixHash hashes a growing prefix; its sum can be taken at any point.
type prefixHash struct{ h maphash.Hash }

func newPrefixHash(scope string) *prefixHash {
	p := &prefixHash{}
	p.h.SetSeed(hashSeed)
	p.add(scope)
	return p
}

// add adds a piece; where pieces end makes a difference.
func (p *prefixHash) add(s string) {
	p.h.WriteString(s)
	p.h.WriteByte(0)
}

func (p *prefixHash) sum() uint64 { return p.h.Sum64() }
