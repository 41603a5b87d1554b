package envoy

import (
	"bytes"
	"io"
)

// wholeLines passes on what a process writes, a line or several at a time: what else is written to
// the same place never stands within a line. A line that is longer than maxHeld passes in parts. It
// is for one goroutine.
type wholeLines struct {
	to   io.Writer
	held []byte // of a line that has not ended
}

// maxHeld bounds what is held of a line, in bytes.
const maxHeld = 1 << 20

// Write implements io.Writer. What cannot be passed on is lost: a process whose output is not read
// would stop.
func (w *wholeLines) Write(b []byte) (int, error) {
	w.held = append(w.held, b...)
	end := bytes.LastIndexByte(w.held, '\n') + 1
	if end == 0 && len(w.held) > maxHeld {
		end = len(w.held)
	}
	if end > 0 {
		_, _ = w.to.Write(w.held[:end])
		w.held = append(w.held[:0], w.held[end:]...)
	}
	return len(b), nil
}
