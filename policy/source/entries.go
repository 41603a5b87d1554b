package source

import (
	"slices"
	"sync"
	"sync/atomic"
)

// entries are the changes that a History knows, in memory. Readers never wait for
// those who add to them: a slice that was handed out is never modified.
type entries struct {
	mu    sync.Mutex               // of whoever adds or marks
	known atomic.Pointer[[]Change] // oldest first; nil: none
}

// Changes implements History.
func (e *entries) Changes() []Change { return slices.Clip(e.all()) }

func (e *entries) all() []Change {
	if known := e.known.Load(); known != nil {
		return *known
	}
	return nil
}

// next is the number of the change that comes after the newest.
func (e *entries) next() int {
	if all := e.all(); len(all) > 0 {
		return all[len(all)-1].Number + 1
	}
	return 1
}

// add makes a change the newest. The caller holds the mutex.
func (e *entries) add(c Change) {
	all := append(e.all(), c)
	e.known.Store(&all)
}

// note is a mark of a change.
type note struct {
	number int
	mark   Mark
	text   string
}

// index returns the place of a change, which follows from its number; false: it is not
// known.
func (e *entries) index(number int) (int, bool) {
	all := e.all()
	if len(all) == 0 {
		return 0, false
	}
	i := number - all[0].Number
	return i, i >= 0 && i < len(all)
}

// lacks reports whether a change is known and does not have a mark.
func (e *entries) lacks(number int, m Mark) bool {
	i, known := e.index(number)
	return known && !m.on(e.all()[i])
}

// note marks changes that lack their marks. The caller holds the mutex.
func (e *entries) note(notes ...note) {
	if len(notes) == 0 {
		return
	}
	all := slices.Clone(e.all())
	for _, n := range notes {
		i, _ := e.index(n.number)
		n.mark.put(&all[i], n.text)
	}
	e.known.Store(&all)
}
