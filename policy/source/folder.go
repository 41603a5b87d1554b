package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// History is an append-only store of changes: a folder with one file per change,
// named after its number, or memory. Processes that share the folder agree on the
// order: of several that record the next number exactly one succeeds. It is safe for
// concurrent use.
//
// A change that was recorded is whole and stays, whenever the process is killed: its
// file is written under another name and synced before it gets its own. The name
// holds nothing but the number, because only then can the file system refuse a
// second change of the same number.
type History struct {
	folder string // empty: memory
	hashes hashes

	mu      sync.RWMutex
	changes []Change // oldest first
	next    int      // number of the next change
}

// errTaken says that another change has the number already.
var errTaken = errors.New("another change was recorded first")

var changeFile = regexp.MustCompile(`^([0-9]{6,})\.json$`)

// OpenHistory reads the history in a folder, which is made where it is missing. With
// an empty name the history lives in memory. The oldest files may be removed by hand;
// one that is missing between others, or cannot be read, is an error that names it.
func OpenHistory(folder string) (*History, error) {
	h := &History{folder: folder, next: 1}
	if folder == "" {
		return h, nil
	}
	if err := h.open(); err != nil {
		return nil, fmt.Errorf("opening the policy's history: %w (repair the file, or move the folder away: the history then begins anew)", err)
	}
	return h, nil
}

func (h *History) open() error {
	if err := os.MkdirAll(h.folder, 0o750); err != nil {
		return err
	}
	entries, err := os.ReadDir(h.folder)
	if err != nil {
		return err
	}
	var numbers []int
	for _, e := range entries {
		if parts := changeFile.FindStringSubmatch(e.Name()); parts != nil {
			n, err := strconv.Atoi(parts[1])
			if err != nil {
				return fmt.Errorf("%s: %w", h.file(n), err)
			}
			numbers = append(numbers, n)
		}
		h.sweep(e)
	}
	if len(numbers) == 0 {
		return nil
	}
	h.next = slices.Min(numbers)
	if err := h.refresh(); err != nil {
		return err
	}
	if last := slices.Max(numbers); last >= h.next {
		return fmt.Errorf("%s: %w, but %s is there", h.file(h.next), fs.ErrNotExist, h.file(last))
	}
	return nil
}

const (
	draftPrefix = ".draft-"
	abandoned   = time.Hour // after which nobody can still be writing a draft
)

// sweep removes what a process left that was killed while it recorded a change.
func (h *History) sweep(e fs.DirEntry) {
	if !strings.HasPrefix(e.Name(), draftPrefix) {
		return
	}
	if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
		_ = os.Remove(filepath.Join(h.folder, e.Name())) // tried again next time
	}
}

func (h *History) file(number int) string {
	return filepath.Join(h.folder, fmt.Sprintf("%06d.json", number))
}

// refresh reads the changes that other processes recorded since.
func (h *History) refresh() error {
	if h.folder == "" {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.readChanges()
	if err == nil {
		err = h.readMarks()
	}
	if err != nil {
		return fmt.Errorf("reading the policy's history: %w", err)
	}
	return nil
}

// readChanges reads the changes behind those that are known. The mutex is held.
func (h *History) readChanges() error {
	for {
		c, err := h.read(h.next)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		h.append(c)
	}
}

func (h *History) read(number int) (Change, error) {
	path := h.file(number)
	data, err := os.ReadFile(path)
	if err != nil {
		return Change{}, err
	}
	var c Change
	if err := json.Unmarshal(data, &c); err != nil {
		return Change{}, fmt.Errorf("%s: %w", path, err)
	}
	if c.Number != number || c.Revision == "" || len(c.Files) == 0 {
		return Change{}, fmt.Errorf("%s: does not hold change %d", path, number)
	}
	return c, nil
}

func (h *History) append(c Change) {
	h.changes = append(h.changes, c)
	h.next = c.Number + 1
}

// Changes returns all changes, the newest first. Their files must not be changed.
func (h *History) Changes() []Change {
	h.mu.RLock()
	defer h.mu.RUnlock()
	all := slices.Clone(h.changes)
	slices.Reverse(all)
	return all
}

// last returns the newest change that matches.
func (h *History) last(match func(Change) bool) (Change, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, c := range slices.Backward(h.changes) {
		if match(c) {
			return c, true
		}
	}
	return Change{}, false
}

// newest returns the last change, or one without number where there is none.
func (h *History) newest() Change {
	c, _ := h.last(func(Change) bool { return true })
	return c
}
