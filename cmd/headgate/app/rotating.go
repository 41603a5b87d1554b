package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync"
)

// keptLogs is how many earlier files of a log are kept, as PATH.1, the latest, to PATH.4.
const keptLogs = 4

// rotating is a log that is appended to, and begins anew once it has grown to a size. Others may
// rename its file, too: reopen then begins a new one. Two processes may write to one log while one
// takes over from the other. It is safe for concurrent use.
type rotating struct {
	path string
	max  int64 // bytes; 0: no bound

	mu   sync.Mutex
	file *os.File
	size int64
	torn bool // the last write has failed: the next one ends its line
}

// openRotating opens a log, or makes one that nobody but its user and group reads.
func openRotating(path string, max int64) (*rotating, error) {
	r := &rotating{path: path, max: max}
	return r, r.reopen()
}

// reopen goes on in what is at the path now.
func (r *rotating) reopen() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open()
}

func (r *rotating) open() error {
	f, err := os.OpenFile(r.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if !info.Mode().IsRegular() {
		r.max = 0 // such as a device
	}
	if r.file != nil {
		_ = r.file.Close() // each write of it has said whether it failed
	}
	r.file, r.size = f, info.Size()
	return nil
}

// Write implements io.Writer. It begins a new file before a write, never within one.
func (r *rotating) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.max > 0 && r.size > 0 && r.size+int64(len(b)) > r.max && !r.torn {
		if err := r.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := r.file.Write(b)
	r.size, r.torn = r.size+int64(n), err != nil
	return n, err
}

// rotate begins a new file, unless another process has done so.
func (r *rotating) rotate() error {
	if r.isCurrent() {
		if err := shiftLogs(r.path); err != nil {
			return fmt.Errorf("renaming the log: %w", err)
		}
	}
	return r.open()
}

// isCurrent reports whether the file is still that at the path.
func (r *rotating) isCurrent() bool {
	own, err := r.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(r.path)
	return err == nil && os.SameFile(own, there)
}

// Close closes the file.
func (r *rotating) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Close()
}

// shiftLogs renames a log to PATH.1, and those before it by one more. The oldest is gone then.
func shiftLogs(path string) error {
	numbered := func(i int) string { return path + "." + strconv.Itoa(i) }
	for i := keptLogs - 1; i > 0; i-- {
		if err := os.Rename(numbered(i), numbered(i+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(path, numbered(1)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // others have renamed it
}
