package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Torn is a file of a history that does not hold what was written to it, such as after a loss of
// power. If a change came before it, that one stands in for it under its number, because numbers
// have no gaps.
type Torn struct {
	Number  int
	Aside   string // the path that the file has now
	StandIn int    // number of the change that stands in for it; 0: none came before
	Reason  error  // what is wrong with it, and why it could not be set aside, if so
}

// aside is added to the names of what is set aside.
const aside = ".torn"

// tornError says that a file does not hold what was written to it.
type tornError struct {
	path string
	err  error
}

// Error implements error.
func (e *tornError) Error() string { return e.path + ": " + e.err.Error() }

// Unwrap returns what is wrong with the file.
func (e *tornError) Unwrap() error { return e.err }

func (h *Folder) report(number, standIn int, torn *tornError, failed error) {
	h.torn(Torn{Number: number, Aside: torn.path + aside, StandIn: standIn, Reason: errors.Join(torn, failed)})
}

// standIn sets a torn file aside and returns the change before it, as the change of the file's
// number. If nothing can be written it stands in here alone, and the next process does the same.
// Several that do it at once write the same. The caller holds the mutex.
func (h *Folder) standIn(number int, torn *tornError) Change {
	all := h.all()
	c := all[len(all)-1]
	before := c.Number
	c.Parent, c.Taken, c.Rejected = c.Revision, false, ""
	c.Number, c.Origin, c.Author = number, FromRepair, "headgate"
	c.Reason = fmt.Sprintf("%s was damaged and is kept as %s: this is the change before it", filepath.Base(torn.path), filepath.Base(torn.path)+aside)
	h.report(number, before, torn, h.replace(c))
	return c
}

// replace gives a change the name of a torn file, which gets another.
func (h *Folder) replace(c Change) error {
	d, err := h.Draft(c)
	if err != nil {
		return err
	}
	defer d.Discard()
	if err := h.setAsideMarks(c.Number); err != nil {
		return err
	}
	path := h.file(c.Number)
	// What is there already was set aside as another process did this, or is older: then the
	// file that is torn now was a stand-in.
	if err := os.Link(path, path+aside); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Rename(d.(*folderDraft).path, path); err != nil {
		return err
	}
	return syncFolder(h.path)
}

// setAside renames a torn file before which there is no change.
func (h *Folder) setAside(number int) error {
	path := h.file(number)
	return errors.Join(h.setAsideMarks(number), os.Rename(path, path+aside))
}

// setAsideMarks renames the marks of a change that is torn: they are not those of another.
func (h *Folder) setAsideMarks(number int) (failed error) {
	for _, m := range []Mark{MarkTaken, MarkRejected} {
		path := h.markFile(number, m)
		if err := os.Rename(path, path+aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
