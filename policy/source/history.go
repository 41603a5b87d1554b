package source

import (
	"context"
	"errors"
)

// History is an append-only store of changes, numbered without gaps. Sources share
// one, in a process or over several. Every method is safe for concurrent use. The
// package historytest holds what is promised here.
//
// A change that was recorded is complete and stays, even if the process is killed at
// any moment, until it is older than what is Kept.
type History interface {
	// Changes returns every known change, the oldest first. It never waits. Neither the
	// slice nor the files may be modified; what later becomes known is not in it.
	Changes() []Change
	// Refresh learns what other processes have recorded and marked. If it returns an
	// error, that names what is damaged, and what was known before stays known.
	Refresh() error
	// Draft prepares a change to be recorded under its number, which is to be the one
	// after the newest: 1 in an empty history. Whatever can fail because space or a
	// right is missing fails here.
	Draft(Change) (Draft, error)
	// Mark notes what became of a change; the first text of a mark stays. That it is
	// lost if nothing can be written is no error: no other change can be recorded
	// there either, so this one stays the newest.
	Mark(number int, m Mark, text string)
	// Watch calls changed when another process may have recorded a change, and once as
	// soon as none is missed any more; marks alone need not be announced. Calls never
	// overlap. Watch returns when ctx is done, nil then, or an error if it cannot begin.
	Watch(ctx context.Context, changed func()) error
}

// Draft is a change that is ready to be recorded, but not part of the history yet. It
// is for one goroutine.
type Draft interface {
	// Commit records the change. It returns ErrOvertaken if its number is not the one
	// after the newest: another change got it, which Refresh then makes known. Nothing
	// is recorded on any error.
	Commit() error
	// Discard frees what the draft holds, if it was committed too.
	Discard()
}

// ErrOvertaken says that another change was recorded under the number of a draft.
var ErrOvertaken = errors.New("another change was recorded first")
