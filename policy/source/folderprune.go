package source

import (
	"errors"
	"io/fs"
	"os"
	"slices"
)

// Kept is how many changes a history keeps: the newest, and those since the last one that was
// taken, if that is older. A folder and the memory of its processes would grow without end else,
// where programs change the weights of a policy all day.
const Kept = 1000

// outlived returns how many of the oldest changes a history need not keep.
func outlived(all []Change) int {
	first := max(0, len(all)-Kept)
	for i, c := range slices.Backward(all) {
		if c.Taken {
			return min(first, i)
		}
	}
	return first
}

// prune forgets the changes that are not kept. The caller holds the mutex.
func (e *entries) prune() {
	all := e.all()
	if n := outlived(all); n > 0 {
		kept := slices.Clone(all[n:]) // the array of the others can go
		e.known.Store(&kept)
	}
}

// pruneFiles removes the files of changes that are not known any more, the oldest first, so that
// a process that is killed meanwhile leaves no gap. Whoever records a change does it: what cannot
// be removed is tried again with the next change. The caller holds the mutex.
func (h *Folder) pruneFiles() {
	oldest := h.all()[0].Number
	for n := h.pruned(oldest); n < oldest; n++ {
		path := h.file(n)
		for _, name := range []string{h.markFile(n, MarkTaken), h.markFile(n, MarkRejected), path + aside, path} {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return
			}
		}
	}
}

// pruned returns the number of the oldest change before another of which there is a file.
func (h *Folder) pruned(oldest int) int {
	n := oldest
	for n > 1 {
		if _, err := os.Lstat(h.file(n - 1)); err != nil {
			break
		}
		n--
	}
	return n
}

// passed reports whether the folder holds only changes after the next one that is to be read: this
// process slept while others recorded more than a history keeps. The caller holds the mutex.
func (h *Folder) passed(numbers []int) bool {
	return len(h.all()) > 0 && len(numbers) > 0 && slices.Min(numbers) > h.next()
}
