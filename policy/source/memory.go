package source

import "context"

// Memory is a History that ends with its process: for gateways that need none, and
// for tests. The zero value is empty.
type Memory struct{ entries }

var _ History = (*Memory)(nil)

// Refresh does nothing: all who share the memory see the same.
func (m *Memory) Refresh() error { return nil }

// Watch calls changed once: no other process shares the memory.
func (m *Memory) Watch(ctx context.Context, changed func()) error {
	changed()
	<-ctx.Done()
	return nil
}

// Draft implements History.
func (m *Memory) Draft(c Change) (Draft, error) { return &memoryDraft{m, c}, nil }

// Mark notes what became of a change.
func (m *Memory) Mark(number int, mark Mark, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lacks(number, mark) {
		m.note(note{number, mark, text})
	}
}

type memoryDraft struct {
	memory *Memory
	change Change
}

// Commit implements Draft.
func (d *memoryDraft) Commit() error {
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	if d.change.Number != d.memory.next() {
		return ErrOvertaken
	}
	d.memory.add(d.change)
	d.memory.prune()
	return nil
}

// Discard does nothing.
func (d *memoryDraft) Discard() {}
