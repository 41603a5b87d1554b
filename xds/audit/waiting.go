package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// FileName is the file of rows that wait, in the state folder: a line of JSON for each.
const FileName = "audit.jsonl"

// waiting is the file. Control planes that share a folder take turns by its lock.
type waiting struct{ path string } // empty: there is none

var errNoFolder = errors.New("there is no state folder")

func newWaiting(folder string) *waiting {
	if folder == "" {
		return &waiting{}
	}
	return &waiting{filepath.Join(folder, FileName)}
}

// add writes a row to the end of the file.
func (w *waiting) add(r Row) error {
	if w.path == "" {
		return errNoFolder
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return w.locked(os.O_CREATE|os.O_APPEND, func(f *os.File) error {
		// The newline before ends what a full disk left of another row.
		if _, err := f.Write(append(append([]byte{'\n'}, line...), '\n')); err != nil {
			return err
		}
		return f.Sync()
	})
}

// take empties the file once a function has taken its rows, and how many lines are none.
func (w *waiting) take(f func(rows []Row, unreadable int) error) error {
	if w.path == "" {
		return nil
	}
	if info, err := os.Stat(w.path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	return w.locked(0, func(file *os.File) error {
		data, err := io.ReadAll(file)
		if err != nil {
			return err
		}
		rows, unreadable := parse(data)
		if err := f(rows, unreadable); err != nil {
			return err
		}
		return file.Truncate(0)
	})
}

func parse(data []byte) (rows []Row, unreadable int) {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var r Row
		if err := json.Unmarshal(line, &r); err != nil || r.ID == "" {
			unreadable++
			continue
		}
		rows = append(rows, r)
	}
	return rows, unreadable
}

// locked runs a function on the file, which no other process has meanwhile. On a file system
// without locks nobody is kept out.
func (w *waiting) locked(flags int, f func(*os.File) error) error {
	file, err := os.OpenFile(w.path, os.O_RDWR|flags, 0o600)
	if err != nil {
		return err
	}
	_ = syscall.Flock(int(file.Fd()), syscall.LOCK_EX) // closing the file ends it
	return errors.Join(f(file), file.Close())
}
