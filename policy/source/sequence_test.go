package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// TestAnySequence runs random changes of documents and of what lies over them on two
// replicas, with a clock that jumps, and restarts. After each the replicas agree, and what
// is in effect is the document of the newest change under what of its overlay acts.
func TestAnySequence(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			f := newFleet(t, rand.New(rand.NewPCG(seed, 1)))
			for range 40 {
				f.change()
				f.agree()
			}
			f.readByTheReleaseBefore()
		})
	}
}

// fleet is two replicas of one history and one file.
type fleet struct {
	*testing.T
	*rand.Rand
	folder, path string
	now          time.Time
	replicas     [2]*Source
	did          []string
}

func newFleet(t *testing.T, r *rand.Rand) *fleet {
	f := &fleet{T: t, Rand: r, folder: t.TempDir(), path: policyFile(t, split("5")), now: noon}
	for i := range f.replicas {
		f.restart(i)
	}
	return f
}

func (f *fleet) restart(i int) {
	f.replicas[i] = open(f.T, Options{Path: f.path, History: history(f, f.folder), Now: func() time.Time { return f.now }})
}

// document is one of several policies, some of which lack what others have.
func (f *fleet) document() string {
	all := []string{split("5"), split("6"), withoutA, strings.Replace(split("5"), ", c/x]", "]", 1), strings.Replace(split("5"), "{m:", "{n:", 1)}
	return all[f.IntN(len(all))]
}

// change makes one change through one of the replicas. What is refused changes nothing.
func (f *fleet) change() {
	i := f.IntN(len(f.replicas))
	s, p := f.replicas[i], push(f.document(), "")
	p.WithoutOverlay = f.IntN(5) == 0
	var what string
	var err error
	switch f.IntN(8) {
	case 0:
		what = "push"
		_, err = s.Push(p)
	case 1:
		what = "rollback"
		_, err = s.Rollback("", p)
	case 2:
		all := s.History()
		what = "rollback to a revision"
		_, err = s.Rollback(all[f.IntN(len(all))].Revision, p)
	case 3:
		what = "file"
		write(f, f.path, f.document())
		_, err = s.Reload()
	case 4:
		what = "clock"
		f.now = f.now.Add(time.Duration(f.IntN(120)-10) * time.Minute)
	case 5:
		what = "restart"
		f.restart(i)
	case 6:
		what = "clear"
		_, err = s.Lay(Laying{Clear: []Target{{Model: "m"}}, Author: "ann", Reason: "test"})
	default:
		what = "lay"
		l := laying([]string{"a/x", "b/x"}[f.IntN(2)], []uint32{0, 1, 7}[f.IntN(3)])
		l.For = time.Duration(f.IntN(3)) * time.Hour
		_, err = s.Lay(l)
	}
	f.did = append(f.did, fmt.Sprintf("%s at %d, then %s: %v", what, i, s.Current().Revision, err))
	var fault *OverlayError
	if err != nil && !errors.As(err, &fault) && !errors.Is(err, ErrUnknownRevision) {
		f.fail("%v", err)
	}
}

// fail ends the test with all that was done.
func (f *fleet) fail(format string, args ...any) {
	f.Helper()
	f.Fatalf("%s\n%s", strings.Join(f.did, "\n"), fmt.Sprintf(format, args...))
}

// agree brings the replicas together, as their watches do, and holds what must be true
// then.
func (f *fleet) agree() {
	f.Helper()
	for range 2 { // once more for what the second one has recorded
		for _, s := range f.replicas {
			_, err := s.Sync()
			must(f, err)
			_, err = s.Expire()
			must(f, err)
		}
	}
	if diff := cmp.Diff(f.replicas[0].History(), f.replicas[1].History()); diff != "" {
		f.fail("the histories differ: %s", diff)
	}
	for _, s := range f.replicas {
		now, set := s.Current(), s.Latest()
		want, left, err := now.compile()
		if err != nil || set.Revision != now.Revision || !cmp.Equal(set.Models, want.Models) || len(s.LeftOut()) != len(left) {
			f.fail("in effect is %s, of change %+v, %v", set.Canonical(), now, err)
		}
		if _, expired := now.Overlay.At(f.now); !expired.IsZero() {
			f.fail("expired: %+v", expired)
		}
		if found, err := s.Find(now.Revision); err != nil || found.Number != now.Number {
			f.fail("change %d is found as %d, %v", now.Number, found.Number, err)
		}
	}
}

// readByTheReleaseBefore holds that the files of each change are what was in effect.
func (f *fleet) readByTheReleaseBefore() {
	for _, c := range f.replicas[0].History() {
		data, err := os.ReadFile(filepath.Join(f.folder, fmt.Sprintf("%06d.json", c.Number)))
		must(f, err)
		var before struct{ Files []policy.File }
		must(f, json.Unmarshal(data, &before))
		set, err := policy.ParseFiles(before.Files)
		must(f, err)
		if now, _, err := c.compile(); err != nil || string(set.Canonical()) != string(now.Canonical()) {
			f.fail("change %d is read as %s, %v", c.Number, set.Canonical(), err)
		}
	}
}
