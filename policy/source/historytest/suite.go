// Package historytest holds what source.History promises, with one suite that runs on
// each implementation.
//
// A test of an implementation calls Suite, and its TestMain calls Child first: some of
// the promises are about several processes, and about killing one.
package historytest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

// Store is the place of one history.
type Store struct {
	// Open opens the history, as often as it is called, for as many users.
	Open func(t testing.TB) source.History
	// Address is what Child opens the same history by in another process. Empty: it ends
	// with its process.
	Address string
}

// Suite runs the contract. Each call of empty returns another Store, without changes.
func Suite(t *testing.T, empty func(t testing.TB) Store) {
	run(t, empty, map[string]func(*testing.T, Store){
		"changes are kept in order":                 inOrder,
		"a change is read back as it was recorded":  readBack,
		"what was returned stays as it is":          unshared,
		"a discarded draft is no change":            discarded,
		"an overtaken draft is no change":           overtaken,
		"there are no gaps":                         gaps,
		"one of several recorders of a number wins": oneWins,
		"recorders who refresh are all recorded":    allRecord,
		"reading while others record":               readers,
		"marks are seen by all, the first stays":    marks,
		"a mark of no change is none":               strayMark,
		"one of several pushes wins":                onePushWins,
		"a push that is overtaken is judged again":  judgedAgain,
		"pushes without expectation all count":      allPushesCount,
		"a Source begins with the newest change":    restart,
		"watching begins at once and ends":          watchEnds,
	})
	if empty(t).Address == "" {
		return
	}
	run(t, empty, map[string]func(*testing.T, Store){
		"one of several processes wins":               oneProcessWins,
		"what another process recorded is seen":       acrossProcesses,
		"what others record is announced":             announced,
		"what was acknowledged survives being killed": killed,
	})
}

func run(t *testing.T, empty func(t testing.TB) Store, all map[string]func(*testing.T, Store)) {
	for name, test := range all {
		t.Run(name, func(t *testing.T) { test(t, empty(t)) })
	}
}

// change is one that differs from that of any other n.
func change(n int) source.Change {
	return source.Change{Revision: revision(n), Parent: revision(n - 1), Origin: source.FromPush, Author: "ada", Reason: "because", At: at(n), Files: files(n)}
}

func at(n int) time.Time { return time.Date(2026, 9, 1, 12, n, 0, n, time.UTC) }

// files are a policy that differs from that of any other n.
func files(n int) []policy.File {
	return []policy.File{{Name: "pushed.yaml", Data: fmt.Appendf(nil, "version: 1\nlimits: {body: %dKiB}\n", n+2)}}
}

func revision(n int) string {
	set, err := policy.ParseFiles(files(n))
	if err != nil {
		panic(err) // every n is a good policy
	}
	return set.Revision
}

// draft prepares a change to come after the newest that a history knows.
func draft(t testing.TB, h source.History, c source.Change) source.Draft {
	t.Helper()
	d, err := h.Draft(onTop(h, c))
	must(t, err)
	return d
}

func onTop(h source.History, c source.Change) source.Change {
	c.Number = 1
	if all := h.Changes(); len(all) > 0 {
		c.Number = all[len(all)-1].Number + 1
	}
	return c
}

// record records a change as the newest.
func record(h source.History, c source.Change) error {
	d, err := h.Draft(onTop(h, c))
	if err != nil {
		return err
	}
	defer d.Discard()
	return d.Commit()
}

// recorded records change(1) to change(n).
func recorded(t testing.TB, h source.History, n int) {
	t.Helper()
	for i := range n {
		must(t, record(h, change(i+1)))
	}
}

// holds checks the numbers and revisions of a history after a Refresh.
func holds(t testing.TB, what string, h source.History, want ...int) {
	t.Helper()
	must(t, h.Refresh())
	var got, all []string
	for _, c := range h.Changes() {
		got = append(got, fmt.Sprint(c.Number, " ", c.Revision))
	}
	for i, n := range want {
		all = append(all, fmt.Sprint(i+1, " ", revision(n)))
	}
	if diff := cmp.Diff(strings.Join(all, "\n"), strings.Join(got, "\n")); diff != "" {
		t.Errorf("%s: the history differs (-want +got):\n%s", what, diff)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
