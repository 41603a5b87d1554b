package record

import (
	"errors"
	"sync/atomic"
	"syscall"
	"time"
)

// roomAgain is how often it is tried again to write what there was no room for.
const roomAgain = time.Second

// noRoom reports whether a write failed because something has run out that may be freed: a full disk, a
// quota, or the greatest size of a file.
func noRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// trouble is a time without room. Its zero value says that there is none. It begins and ends on
// one goroutine, and may be read on any.
type trouble struct {
	why    atomic.Pointer[string]
	notify atomic.Pointer[func()] // nil: nobody asked
}

func (t *trouble) begin(err error) {
	text := err.Error()
	if t.why.Swap(&text) == nil {
		t.changed()
	}
}

func (t *trouble) over() {
	if t.why.Load() != nil && t.why.Swap(nil) != nil {
		t.changed()
	}
}

func (t *trouble) changed() {
	if changed := t.notify.Load(); changed != nil {
		(*changed)()
	}
}
