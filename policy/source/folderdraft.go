package source

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// folderDraft is a change that is on disk under a name of its own.
type folderDraft struct {
	folder *Folder
	change Change
	path   string
}

// Draft writes the change to a file that is no part of the history yet.
func (h *Folder) Draft(c Change) (Draft, error) {
	data, err := encode(c)
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(h.path, draftPrefix+"*")
	if err != nil {
		return nil, err
	}
	d := &folderDraft{h, c, f.Name()}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		d.Discard()
		return nil, err
	}
	return d, nil
}

// Commit gives the file the name of its number.
func (d *folderDraft) Commit() error {
	h := d.folder
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.change.Number != h.next() {
		return ErrOvertaken
	}
	if err := d.link(h.file(d.change.Number)); err != nil {
		return err
	}
	h.add(d.change)
	h.prune()
	h.pruneFiles()
	return nil
}

func (d *folderDraft) link(path string) error {
	err := os.Link(d.path, path)
	if errors.Is(err, fs.ErrExist) {
		return ErrOvertaken
	}
	if err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// syncFolder makes the names in a folder survive a loss of power, if the file system
// can do that.
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

// Discard removes the draft's own name. A change that was committed has another one
// by then.
func (d *folderDraft) Discard() {
	_ = os.Remove(d.path) // else it is swept later
}
