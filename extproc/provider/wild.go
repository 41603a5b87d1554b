package provider

import (
	"sync"

	"github.com/headgate/headgate/extproc/exchange"
)

// maxNames bounds the names of wildcards whose pools are kept at a time, of each generation.
// Clients choose the names.
const maxNames = 256

// wild are the pools of the names that wildcards answer, made as the names are asked for. Of two
// generations the older is dropped when the younger is full, so what is asked for stays. It is safe
// for concurrent use.
type wild struct {
	build func(model, name string) *pools

	mu         sync.Mutex
	young, old map[string]*pools // by name, each of which one wildcard answers
}

func newWild(build func(model, name string) *pools) *wild {
	return &wild{build: build, young: make(map[string]*pools)}
}

// of returns the pools of a name that a wildcard answers.
func (w *wild) of(model, name string) *pools {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.young[name]
	if p != nil {
		return p
	}
	if p = w.old[name]; p == nil {
		p = w.build(model, name)
	}
	if len(w.young) >= maxNames {
		w.old, w.young = w.young, make(map[string]*pools)
	}
	w.young[name] = p
	return p
}

// each calls f for all that is kept.
func (w *wild) each(f func(*pools)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, p := range w.old {
		if w.young[name] == nil {
			f(p)
		}
	}
	for _, p := range w.young {
		f(p)
	}
}

// poolsOf returns what may serve the model that an exchange is for; nil: nothing is known of it.
func (s *stage) poolsOf(ex *exchange.Exchange) *pools {
	if p := s.models[ex.Model]; p != nil || s.wildcards[ex.Model] == nil {
		return p
	}
	return s.wild.of(ex.Model, ex.Name)
}
