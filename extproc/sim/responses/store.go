package responses

import (
	"sync"
	"time"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// The bounds of what is kept: entries, and the bytes of their bodies and events.
const (
	maxKept  = 4096
	maxBytes = 64 << 20
)

// store is the state of all accounts. It forgets the oldest entries first. Safe for
// concurrent use; what it returns must be read with its lock held unless it says otherwise.
type store struct {
	mu            sync.Mutex
	responses     map[string]*kept
	conversations map[string]*conversation
	items         map[string]*item
	order         []string // of the entries, the oldest first; some may be deleted
	bytes         int
}

// kept is a response that can be asked for again.
type kept struct {
	q      *request
	status string
	final  string       // the status that it ends with
	due    time.Time    // before that it has not ended
	stream *wire.Stream // of a response in the background that was asked for as a stream
	items  []item       // what it read: the context and the input
	said   []item       // what it answered
	size   int
}

// conversation is a list of items that grows with every response.
type conversation struct {
	id, account string
	created     int64
	metadata    string
	items       []item
}

func newStore() *store {
	return &store{responses: map[string]*kept{}, conversations: map[string]*conversation{}, items: map[string]*item{}}
}

// response returns an account's response, nil if it has none of that id. Its items never
// change.
func (s *store) response(account, id string) *kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.responses[id]; k != nil && k.q.account == account {
		return k
	}
	return nil
}

// conversation returns an account's conversation as it is now, nil if it has none of that id.
func (s *store) conversation(account, id string) *conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conversations[id]
	if c == nil || c.account != account {
		return nil
	}
	now := *c
	return &now
}

// item returns an account's item, nil if it has none of that id. It never changes.
func (s *store) item(account, id string) *item {
	s.mu.Lock()
	defer s.mu.Unlock()
	if it := s.items[id]; it != nil && it.account == account {
		return it
	}
	return nil
}

// add keeps a response. The lock is held.
func (s *store) add(k *kept) {
	s.responses[k.q.id] = k
	s.index(k.q.id, k.q.input)
	s.index(k.q.id, k.said)
	s.enter(k.q.id, k.size)
}

// addConversation keeps a conversation.
func (s *store) addConversation(c *conversation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conversations[c.id] = c
	s.index(c.id, c.items)
	s.enter(c.id, 0)
}

// index finds the items of an entry by their ids from now on. One that was given back stays
// what it was. The lock is held.
func (s *store) index(entry string, items []item) {
	for _, it := range items {
		if it.entry = entry; s.items[it.id] == nil {
			s.items[it.id] = &it
		}
	}
}

func (s *store) unindex(entry string, items []item) {
	for i := range items {
		if it := s.items[items[i].id]; it != nil && it.entry == entry {
			delete(s.items, it.id)
		}
	}
}

func (s *store) enter(id string, size int) {
	s.order = append(s.order, id)
	s.bytes += size
	for len(s.order) > maxKept || s.bytes > maxBytes && len(s.order) > 1 {
		s.forget(s.order[0])
		s.order = s.order[1:]
	}
}

// forget deletes an entry, if it is there. The lock is held.
func (s *store) forget(id string) {
	if k := s.responses[id]; k != nil {
		s.bytes -= k.size
		s.unindex(id, k.q.input)
		s.unindex(id, k.said)
		delete(s.responses, id)
	}
	if c := s.conversations[id]; c != nil {
		s.unindex(id, c.items)
		delete(s.conversations, id)
	}
}

// after returns what a response that follows has as its context.
func (k *kept) after() []item {
	return append(k.items[:len(k.items):len(k.items)], k.said...)
}
