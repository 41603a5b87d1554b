package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// record is a purge as Redis remembers it, by its ID.
type record struct {
	Purge
	Swept bool // what it names is gone from Redis
}

// journal has the purges that Redis does not know of yet.
type journal struct {
	mu      sync.Mutex
	pending []*Purge
	wake    chan struct{} // there may be something to do
}

func newJournal() *journal { return &journal{wake: make(chan struct{}, 1)} }

// add has a purge recorded.
func (j *journal) add(p *Purge) {
	j.mu.Lock()
	j.pending = append(j.pending, p)
	if n := len(j.pending) - maxPurges; n > 0 {
		j.pending = slices.Delete(j.pending, 0, n)
	}
	j.mu.Unlock()
	j.rouse()
}

func (j *journal) rouse() {
	select {
	case j.wake <- struct{}{}:
	default: // it is awake
	}
}

// take returns the first of those that are to be recorded.
func (j *journal) take() []*Purge {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := min(recordBatch, len(j.pending))
	first := j.pending[:n:n]
	j.pending = j.pending[n:]
	return first
}

// back puts back what could not be recorded.
func (j *journal) back(all []*Purge) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(slices.Clone(all), j.pending...)
}

const (
	// recordBatch is how many purges are recorded at once.
	recordBatch = 256
	recordTime  = 5 * time.Second
)

// record records purges, so that pairs that start later know them, and says so in the feed.
func (s *server) record(ctx context.Context) error {
	for all := s.purges.take(); len(all) > 0; all = s.purges.take() {
		if err := s.recordAll(ctx, all); err != nil {
			s.purges.back(all)
			return err
		}
	}
	return nil
}

func (s *server) recordAll(ctx context.Context, all []*Purge) error {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	pipe := s.link.Client().Pipeline()
	answers := make([]*goredis.BoolCmd, len(all))
	for i, p := range all {
		data, err := json.Marshal(record{Purge: *p})
		if err != nil {
			return err
		}
		answers[i] = pipe.HSetNX(ctx, s.purgesKey(), p.ID, data)
	}
	if err := run(ctx, pipe); err != nil {
		return err
	}
	pipe = s.link.Client().Pipeline()
	for i, p := range all {
		if answers[i].Val() {
			pipe.XAdd(ctx, s.message(ofPurge, p.ID))
		}
	}
	return run(ctx, pipe)
}

// learnPurges takes all purges in that Redis knows of, and has those recorded that it does not: it
// may have lost them in a failover.
func (s *server) learnPurges(ctx context.Context, client goredis.UniversalClient) error {
	all, err := s.recorded(ctx, client)
	if err != nil {
		return err
	}
	theirs := map[string]bool{}
	for i := range all {
		theirs[all[i].ID] = true
		s.stores.apply(&all[i].Purge, s)
	}
	for _, p := range s.stores.purges.all() {
		if !theirs[p.ID] {
			s.purges.add(p)
		}
	}
	return nil
}

// learnPurge takes a purge in, by its ID.
func (s *server) learnPurge(ctx context.Context, client goredis.UniversalClient, id string) error {
	text, err := client.HGet(ctx, s.purgesKey(), id).Result()
	if errors.Is(err, goredis.Nil) {
		return nil // it is so old that it was forgotten
	}
	if err != nil {
		return err
	}
	if r, ok := s.readRecord(id, text); ok {
		s.stores.apply(&r.Purge, s)
	}
	return nil
}

// recorded returns the purges that Redis knows of.
func (s *server) recorded(ctx context.Context, client goredis.UniversalClient) (all []record, err error) {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	texts, err := client.HGetAll(ctx, s.purgesKey()).Result()
	for id, text := range texts {
		if r, ok := s.readRecord(id, text); ok {
			all = append(all, r)
		}
	}
	return all, err
}

func (s *server) readRecord(id, text string) (r record, ok bool) {
	if json.Unmarshal([]byte(text), &r) != nil || r.ID != id {
		s.stores.metrics.unreadable(noPurge)
		return record{}, false
	}
	return r, true
}
