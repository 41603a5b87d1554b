package source

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// numbered records changes up to a number.
func numbered(t *testing.T, h History, last int) {
	t.Helper()
	for n := len(h.Changes()) + 1; n <= last; n++ {
		must(t, record(h, fmt.Sprint(n)))
	}
}

// spans fails the test unless a history has the changes of these numbers, without gaps.
func spans(t *testing.T, what string, h History, first, last int) {
	t.Helper()
	all := h.Changes()
	if all[0].Number != first || all[len(all)-1].Number != last || len(all) != last-first+1 {
		t.Errorf("%s: %d changes, %d to %d; want %d to %d", what, len(all), all[0].Number, all[len(all)-1].Number, first, last)
	}
}

// TestHistoriesArePruned holds that a history keeps the newest changes, with their marks, that
// nothing else of the others stays in its folder, and that whoever opens it, or slept meanwhile,
// has the same.
func TestHistoriesArePruned(t *testing.T) {
	folder := t.TempDir()
	h, slept := history(t, folder), history(t, folder)
	must(t, record(h, "1"))
	h.Mark(1, MarkRejected, "no")
	must(t, slept.Refresh())
	numbered(t, h, Kept)
	spans(t, "with as many as are kept", h, 1, Kept)
	h.Mark(Kept, MarkTaken, "")
	must(t, record(h, "more"))
	must(t, record(h, "and more"))
	must(t, slept.Refresh())
	memory := &Memory{}
	numbered(t, memory, Kept)
	must(t, record(memory, "more"))
	must(t, record(memory, "and more"))
	for what, h := range map[string]History{"who recorded": h, "who slept": slept, "who opens it": history(t, folder), "in memory": memory} {
		spans(t, what, h, 3, Kept+2)
		if taken := h.Changes()[Kept-3].Taken; taken != (what != "in memory") {
			t.Errorf("%s: change %d is taken: %v", what, Kept, taken)
		}
	}
	names, err := filepath.Glob(filepath.Join(folder, "00000[12]*"))
	must(t, err)
	if len(names) > 0 {
		t.Errorf("left: %q", names)
	}
	must(t, record(slept, "of who slept"))
	spans(t, "who slept", slept, 4, Kept+3)
}

// TestTheLastGoodChangeIsKept holds that the last change that was taken is kept, with all that
// came after it, as long as no other one is.
func TestTheLastGoodChangeIsKept(t *testing.T) {
	folder := t.TempDir()
	h := history(t, folder)
	numbered(t, h, 2)
	h.Mark(2, MarkTaken, "")
	numbered(t, h, Kept+5)
	for _, h := range []History{h, history(t, folder)} {
		spans(t, "the last good one is old", h, 2, Kept+5)
	}
	h.Mark(Kept+5, MarkTaken, "")
	must(t, record(h, "after a good one"))
	spans(t, "another is good", h, 7, Kept+6)
}

// TestAPruningThatWasKilled holds that a process which was killed while it removed files leaves a
// history that is read, and that the next change has the rest removed.
func TestAPruningThatWasKilled(t *testing.T) {
	folder := t.TempDir()
	h := history(t, folder)
	numbered(t, h, Kept)
	saved, err := os.ReadFile(filepath.Join(folder, "000002.json"))
	must(t, err)
	for _, r := range []string{"a", "b", "c"} {
		must(t, record(h, r))
	}
	left := filepath.Join(folder, "000003.json")
	write(t, filepath.Join(folder, "000002.json"), string(saved))
	must(t, os.Link(filepath.Join(folder, "000004.json"), left)) // what stood there is not read again
	must(t, record(h, "d"))
	if _, err := os.Stat(left); err == nil {
		t.Error("the next change left what was to be removed")
	}
	spans(t, "who opens it", history(t, folder), 5, Kept+4)
}
