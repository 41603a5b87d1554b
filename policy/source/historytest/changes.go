package historytest

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

func inOrder(t *testing.T, s Store) {
	h := s.Open(t)
	holds(t, "at first", h)
	recorded(t, h, 3)
	holds(t, "who recorded them", h, 1, 2, 3)
	holds(t, "who opens it later", s.Open(t), 1, 2, 3)
}

// readBack records a change that sets everything, with bytes and runes that a format
// could get wrong.
func readBack(t *testing.T, s Store) {
	full := change(1)
	full.Author, full.Reason = "Ada \u2028 <&> \"l'été\"", "line\nline\ttab \U0001f600"
	full.Files = append(full.Files, policy.File{Name: "more/ümlaut.yaml", Data: []byte{0xff, 0, '\r', '\n', 0xc3}})
	full.Origin = source.FromRollback
	bare := source.Change{Revision: "0123456789ab", Origin: source.FromFile, Author: "file", At: at(2), Files: files(2)}
	h := s.Open(t)
	var want []source.Change
	for _, c := range []source.Change{full, bare, overlaid()} {
		must(t, record(h, c))
		c.Number = len(want) + 1
		want = append(want, c)
	}
	for _, h := range []source.History{h, s.Open(t)} {
		must(t, h.Refresh())
		if diff := cmp.Diff(want, h.Changes()); diff != "" {
			t.Errorf("the changes differ (-recorded +read):\n%s", diff)
		}
	}
}

// overlaid is a change of what lies over a document, which acts on it.
func overlaid() source.Change {
	const document = "version: 1\nbackends: {a: {provider: simulated}, b: {provider: simulated}}\nunpriced: flag\n" +
		"models: {m: {chain: [[{use: a/x}, {use: b/x}]]}} # as it was written\n"
	c := change(3)
	c.Origin, c.Document, c.Files = source.FromOverlay, revision(4), []policy.File{{Name: "policy.yaml", Data: []byte(document)}}
	c.Overlay.Weights = []policy.Weights{
		{Model: "m", Uses: map[string]uint32{"a/x": 0}, Laid: policy.Laid{Author: "ada", Reason: "because", Since: at(3), Expiry: at(5)}},
		{Model: "of another document", Link: 2, Uses: map[string]uint32{"b/x": 10000}},
	}
	return c
}

func unshared(t *testing.T, s Store) {
	h := s.Open(t)
	for n := range 9 { // whatever room a slice has left at its end
		before := h.Changes()
		then := slices.Clone(before)
		if n < 4 {
			h.Mark(n, source.MarkTaken, "")
			h.Mark(n, source.MarkRejected, "no")
		}
		recorded(t, h, 1)
		_ = append(before, source.Change{Number: 99})
		if diff := cmp.Diff(then, before); diff != "" {
			t.Errorf("a slice changed after it was returned (-then +later):\n%s", diff)
		}
		if all := h.Changes(); len(all) != n+1 || all[n].Number != n+1 {
			t.Errorf("a caller that appends to a slice changed the history: %+v", all)
		}
	}
}

func discarded(t *testing.T, s Store) {
	h := s.Open(t)
	draft(t, h, change(7)).Discard()
	holds(t, "after a draft", h)
	recorded(t, h, 1)
	d := draft(t, h, change(2))
	must(t, d.Commit())
	d.Discard()
	holds(t, "after a draft that was committed", s.Open(t), 1, 2)
}

func overtaken(t *testing.T, s Store) {
	a, b := s.Open(t), s.Open(t)
	late := draft(t, b, change(9))
	defer late.Discard()
	recorded(t, a, 1)
	if err := late.Commit(); !errors.Is(err, source.ErrOvertaken) {
		t.Errorf("a number was recorded twice: %v", err)
	}
	holds(t, "who lost", b, 1)
	must(t, record(b, change(2)))
	for what, h := range map[string]source.History{"who won first": a, "who lost first": b, "who opens it later": s.Open(t)} {
		holds(t, what, h, 1, 2)
	}
}

// gaps holds that a number is only recorded after the one before.
func gaps(t *testing.T, s Store) {
	h := s.Open(t)
	for _, number := range []int{3, 2, 0, 1} {
		c := change(1)
		c.Number = number
		d, err := h.Draft(c)
		must(t, err)
		if err := d.Commit(); number != 1 && !errors.Is(err, source.ErrOvertaken) || number == 1 && err != nil {
			t.Errorf("change %d in an empty history: %v", number, err)
		}
		d.Discard()
	}
	holds(t, "who tried", h, 1)
	holds(t, "who opens it later", s.Open(t), 1)
}

// recorders is how many users of a history race.
const recorders = 8

func oneWins(t *testing.T, s Store) {
	for round := range 5 {
		var drafts []source.Draft
		for i := range recorders {
			h := s.Open(t)
			must(t, h.Refresh())
			drafts = append(drafts, draft(t, h, change(round*recorders+i)))
		}
		var wg sync.WaitGroup
		results := make([]error, recorders)
		for i, d := range drafts {
			wg.Go(func() { results[i] = d.Commit(); d.Discard() })
		}
		wg.Wait()
		winners := 0
		for i, err := range results {
			if err == nil {
				winners++
				if got := s.Open(t).Changes(); len(got) != round+1 || got[round].Revision != revision(round*recorders+i) {
					t.Errorf("round %d: what was recorded is not in the history", round)
				}
			} else if !errors.Is(err, source.ErrOvertaken) {
				t.Errorf("round %d: a recorder lost with %v", round, err)
			}
		}
		if winners != 1 {
			t.Errorf("round %d: %d recorders won", round, winners)
		}
	}
}

func allRecord(t *testing.T, s Store) {
	const each = 5
	var wg sync.WaitGroup
	for i := range recorders {
		h := s.Open(t)
		wg.Go(func() {
			for n := range each {
				for {
					err := record(h, change(i*each+n))
					if err == nil {
						break
					}
					if !errors.Is(err, source.ErrOvertaken) || h.Refresh() != nil {
						t.Errorf("recording failed: %v", err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	h := s.Open(t)
	seen := make(map[string]bool)
	for i, c := range h.Changes() {
		if seen[c.Revision] = true; c.Number != i+1 {
			t.Errorf("change %d has number %d", i+1, c.Number)
		}
	}
	if len(seen) != recorders*each || len(h.Changes()) != recorders*each {
		t.Errorf("%d changes of %d revisions were recorded, want %d", len(h.Changes()), len(seen), recorders*each)
	}
}

// readers reads while others record, mark and refresh; the race detector judges.
func readers(t *testing.T, s Store) {
	h := s.Open(t)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			last := 0
			for {
				all := h.Changes()
				for i, c := range all {
					if c.Number != i+1 || c.Revision == "" {
						t.Errorf("change %d reads as %+v", i+1, c)
					}
				}
				if len(all) < last {
					t.Errorf("%d changes became %d", last, len(all))
				}
				last = len(all)
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	recorded(t, h, 20)
	for n := range 20 {
		h.Mark(n+1, source.MarkTaken, "")
	}
	must(t, h.Refresh())
	close(done)
	wg.Wait()
}
