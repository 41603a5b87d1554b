package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Folder is a History in a folder that processes may share, with a file per change
// that is named after its number. The name holds nothing else, because only then can
// the file system refuse a second change of the same number. A file is written under
// another name and synced before it gets its own.
type Folder struct {
	entries
	path string
	torn func(Torn)
}

var _ History = (*Folder)(nil)

var changeFile = regexp.MustCompile(`^([0-9]{6,})\.json$`)

// OpenFolder reads the history in a folder, and makes the folder if it is missing. The oldest
// changes, beyond those that are Kept, are removed as new ones are recorded, and may be removed by
// hand; one that is missing between others, or cannot be read, is an error that names it. Whenever
// a method finds a file torn it calls a function, which must not call the history.
func OpenFolder(path string, torn func(Torn)) (*Folder, error) {
	h := &Folder{path: path, torn: torn}
	if err := h.open(); err != nil {
		return nil, fmt.Errorf("opening the policy's history: %w (repair the file, or move the folder away: the history then begins anew)", err)
	}
	return h, nil
}

func (h *Folder) open() error {
	if err := os.MkdirAll(h.path, 0o750); err != nil {
		return err
	}
	entries, err := os.ReadDir(h.path)
	if err != nil {
		return err
	}
	numbers, err := h.numbers(entries)
	if err != nil || len(numbers) == 0 {
		return err
	}
	slices.Sort(numbers)
	if err := h.readOldest(numbers); err != nil {
		return err
	}
	if err := h.Refresh(); err != nil {
		return err
	}
	if last := numbers[len(numbers)-1]; len(h.all()) > 0 && last >= h.next() {
		return fmt.Errorf("%s: %w, but %s is there", h.file(h.next()), fs.ErrNotExist, h.file(last))
	}
	return nil
}

// readOldest reads the first change that is not torn, of numbers in ascending order. One that
// another process has pruned since they were listed is passed over.
func (h *Folder) readOldest(numbers []int) error {
	for _, n := range numbers {
		c, err := h.read(n)
		if err == nil {
			h.add(c)
			return nil
		}
		var torn *tornError
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case !errors.As(err, &torn):
			return err
		}
		h.report(n, 0, torn, h.setAside(n))
	}
	return nil
}

// numbers lists the changes in the folder, and sweeps it.
func (h *Folder) numbers(entries []fs.DirEntry) (all []int, err error) {
	for _, e := range entries {
		h.sweep(e)
		parts := changeFile.FindStringSubmatch(e.Name())
		if parts == nil {
			continue
		}
		n, err := strconv.Atoi(parts[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(h.path, e.Name()), err)
		}
		all = append(all, n)
	}
	return all, nil
}

const (
	draftPrefix = ".draft-"
	abandoned   = time.Hour // after which no process can still be writing a draft
)

// sweep removes what a process left that was killed while it recorded a change.
func (h *Folder) sweep(e fs.DirEntry) {
	if !strings.HasPrefix(e.Name(), draftPrefix) {
		return
	}
	if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
		_ = os.Remove(filepath.Join(h.path, e.Name())) // tried again next time
	}
}

func (h *Folder) file(number int) string {
	return filepath.Join(h.path, fmt.Sprintf("%06d.json", number))
}

// Refresh reads what other processes have written since.
func (h *Folder) Refresh() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.readNew(); err != nil {
		return fmt.Errorf("reading the policy's history: %w", err)
	}
	h.prune()
	return nil
}

// readNew learns what other processes have written since. The caller holds the mutex.
func (h *Folder) readNew() error {
	if err := h.readChanges(); err != nil {
		return err
	}
	entries, err := os.ReadDir(h.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	numbers, err := h.numbers(entries)
	if err != nil {
		return err
	}
	if h.passed(numbers) {
		h.known.Store(nil)
		slices.Sort(numbers)
		if err := errors.Join(h.readOldest(numbers), h.readChanges()); err != nil {
			return err
		}
	}
	return h.readMarks(entries)
}

// Watch implements History.
func (h *Folder) Watch(ctx context.Context, changed func()) error { return Watch(ctx, h.path, changed) }

// readChanges reads the changes after those that are known. The caller holds the mutex.
func (h *Folder) readChanges() error {
	for {
		c, err := h.read(h.next())
		var torn *tornError
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case errors.As(err, &torn) && len(h.all()) > 0:
			c = h.standIn(h.next(), torn)
		case err != nil:
			return err
		}
		h.add(c)
	}
}

func (h *Folder) read(number int) (Change, error) {
	path := h.file(number)
	data, err := os.ReadFile(path)
	if err != nil {
		return Change{}, err
	}
	c, whole, err := readStored(data, number)
	switch {
	case err != nil && whole: // a later release wrote it, or another name was given to it
		return Change{}, fmt.Errorf("%s: %w", path, err)
	case err != nil:
		return Change{}, &tornError{path, err}
	}
	return c, nil
}

// readStored reads the stored form of the change of a number. Whole says that it is certainly as
// it was written.
func readStored(data []byte, number int) (c Change, whole bool, err error) {
	if whole, err = checkSum(data); err != nil {
		return Change{}, false, err
	}
	if c, err = decode(data); err != nil {
		return Change{}, whole, err
	}
	if c.Number != number || c.Revision == "" || len(c.Files) == 0 {
		return Change{}, whole, fmt.Errorf("does not hold change %d", number)
	}
	return c, whole, nil
}
