package source

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// draft is a change that is on disk, but not yet part of the history.
type draft struct {
	history *History
	change  Change
	path    string // empty: in memory
}

// draft makes a change ready to be the next one. Whatever can fail for want of
// space or rights fails here.
func (h *History) draft(c Change) (_ *draft, err error) {
	h.mu.RLock()
	c.Number = h.next
	h.mu.RUnlock()
	d := &draft{history: h, change: c}
	if h.folder == "" {
		return d, nil
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(h.folder, draftPrefix+"*")
	if err != nil {
		return nil, err
	}
	d.path = f.Name()
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		d.discard()
		return nil, err
	}
	return d, nil
}

// commit makes the change part of the history. It returns errTaken where another
// change got the number, and nothing is recorded on any error.
func (d *draft) commit() error {
	h := d.history
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.change.Number != h.next {
		return errTaken
	}
	if d.path != "" {
		if err := d.link(h.file(d.change.Number)); err != nil {
			return err
		}
	}
	h.append(d.change)
	return nil
}

func (d *draft) link(path string) error {
	err := os.Link(d.path, path)
	if errors.Is(err, fs.ErrExist) {
		return errTaken
	}
	if err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// syncFolder makes the names in a folder survive a loss of power, where the file
// system can do that.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close() // only read from: nothing can get lost
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// discard removes the draft's own file. A change that was committed has another
// name by then.
func (d *draft) discard() {
	if d.path != "" {
		_ = os.Remove(d.path) // else it is swept later
	}
}
