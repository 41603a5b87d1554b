package source

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// noon is when everything in these tests happens, unless a clock says otherwise.
var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

func open(t testing.TB, o Options) *Source {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return noon }
	}
	s, err := Open(o)
	must(t, err)
	return s
}

func policyFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, text)
	return path
}

func push(text, expect string) Proposal {
	return Proposal{Files: files(text), Author: "ada", Reason: "because", Expect: expect}
}

// revision is that of text(n).
func revision(n int) string {
	set, err := policy.Parse("x", []byte(text(n)))
	if err != nil {
		panic(err)
	}
	return set.Revision
}

// effects are what Apply was called with, in order, by their n.
type effects struct {
	all    []int64
	refuse error
}

func (e *effects) apply(set *policy.Set) error {
	if e.refuse != nil {
		return e.refuse
	}
	e.all = append(e.all, set.BodyLimit>>10)
	return nil
}

// inEffect checks what a Source says about the policy in effect.
func inEffect(t *testing.T, s *Source, n, number int, origin Origin) {
	t.Helper()
	c := s.Current()
	if s.Latest().Revision != revision(n) || c.Revision != revision(n) || c.Number != number || c.Origin != origin {
		t.Errorf("in effect is %d KiB by change %d from %s of revision %s, want %d KiB by change %d from %s",
			s.Latest().BodyLimit>>10, c.Number, c.Origin, c.Revision, n, number, origin)
	}
}

func TestReloadKeepsTheLastGoodSet(t *testing.T) {
	path := policyFile(t, text(1))
	var e effects
	s := open(t, Options{Path: path, Apply: e.apply})
	first := s.Latest()
	steps := []struct {
		name    string
		change  func()
		changed bool
		err     string
		n       int64
	}{
		{"a comment changes nothing", func() { write(t, path, text(1)+"# yes") }, false, "", 1},
		{"a limit does", func() { write(t, path, text(2)) }, true, "", 2},
		{"a faulty document does not count", func() { write(t, path, bad) }, false, path + ":2:16 limits.body: ", 2},
		{"nor does a missing file", func() { must(t, os.Remove(path)) }, false, "reading policy: ", 2},
		{"a good one follows", func() { write(t, path, text(3)) }, true, "", 3},
		{"an earlier one is a change as well", func() { write(t, path, text(1)) }, true, "", 1},
	}
	for _, step := range steps {
		step.change()
		changed, err := s.Reload()
		if changed != step.changed || step.err == "" && err != nil || step.err != "" && (err == nil || !strings.Contains(err.Error(), step.err)) {
			t.Fatalf("%s: Reload returned %v, %v", step.name, changed, err)
		}
		if got := s.Latest().BodyLimit >> 10; got != step.n {
			t.Fatalf("%s: the limit is %d KiB, want %d", step.name, got, step.n)
		}
		if refused := s.Refused(); (refused != nil) != (step.err != "") {
			t.Fatalf("%s: Refused returned %v", step.name, refused)
		}
	}
	if first.BodyLimit>>10 != 1 {
		t.Error("a Set changed after it was published")
	}
	if !cmp.Equal(e.all, []int64{1, 2, 3, 1}) {
		t.Errorf("applied were %v", e.all)
	}
}

// TestAnUndoneEditIsRefusedNoMore holds that a file which says again what was read from
// it before ends its refusal, and changes nothing that came meanwhile.
func TestAnUndoneEditIsRefusedNoMore(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "policy.yaml"), text(1))
	for name, path := range map[string]string{"a file": policyFile(t, text(1)), "a folder": folder} {
		t.Run(name, func(t *testing.T) {
			file := path
			if path == folder {
				file = filepath.Join(folder, "policy.yaml")
			}
			s := open(t, Options{Path: path})
			undo := func(n, number int, origin Origin) {
				t.Helper()
				write(t, file, bad)
				if _, err := s.Reload(); err == nil || s.Refused() == nil {
					t.Fatalf("the edit is not refused: %v", err)
				}
				write(t, file, text(1))
				if changed, err := s.Reload(); changed || err != nil || s.Refused() != nil {
					t.Errorf("the undone edit: changed %v, error %v, refused %v", changed, err, s.Refused())
				}
				inEffect(t, s, n, number, origin)
			}
			undo(1, 1, FromFile)
			_, err := s.Push(push(text(2), ""))
			must(t, err)
			undo(2, 2, FromPush)
			write(t, file, bad)
			_, _ = s.Reload()
			_, _ = s.Push(push(bad, ""))
			write(t, file, text(1))
			if _, err := s.Reload(); err != nil || s.Refused() == nil || s.Refused().Origin != FromPush {
				t.Errorf("a push was refused after the file: error %v, refused %v", err, s.Refused())
			}
		})
	}
}

// TestAFaultAtTheStartIsRefusedNoMore holds the same of a file that was faulty when the
// process began.
func TestAFaultAtTheStartIsRefusedNoMore(t *testing.T) {
	path, folder := policyFile(t, text(1)), t.TempDir()
	open(t, Options{Path: path, History: history(t, folder)})
	write(t, path, bad)
	s := open(t, Options{Path: path, History: history(t, folder)})
	if s.Refused() == nil {
		t.Fatal("the file is not refused")
	}
	write(t, path, text(1))
	if _, err := s.Reload(); err != nil || s.Refused() != nil {
		t.Errorf("error %v, refused %v", err, s.Refused())
	}
	inEffect(t, s, 1, 1, FromFile)
}

func TestChangesSayHowTheyCame(t *testing.T) {
	path := policyFile(t, text(1))
	now := noon
	s := open(t, Options{Path: path, History: history(t, t.TempDir()), Now: func() time.Time { now = now.Add(time.Minute); return now }})
	_, err := s.Push(push(text(2), ""))
	must(t, err)
	_, err = s.Rollback("", Proposal{Author: "bob", Reason: "too small"})
	must(t, err)
	write(t, path, text(3))
	_, err = s.Reload()
	must(t, err)
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	file := func(n int) []policy.File { return []policy.File{{Name: path, Data: []byte(text(n))}} }
	want := []Change{
		{Number: 4, Revision: revision(3), Parent: revision(1), Origin: FromFile, Author: "file", Reason: path, At: at(4), Files: file(3)},
		{Number: 3, Revision: revision(1), Parent: revision(2), Origin: FromRollback, Author: "bob", Reason: "too small", At: at(3), Files: file(1)},
		{Number: 2, Revision: revision(2), Parent: revision(1), Origin: FromPush, Author: "ada", Reason: "because", At: at(2), Files: files(text(2))},
		{Number: 1, Revision: revision(1), Origin: FromFile, Author: "file", Reason: path, At: at(1), Files: file(1)},
	}
	if diff := cmp.Diff(want, s.History()); diff != "" {
		t.Errorf("the history differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[0], s.Current()); diff != "" {
		t.Errorf("the current change differs (-want +got):\n%s", diff)
	}
	if c, err := s.Find(revision(1)); err != nil || c.Number != 3 {
		t.Errorf("Find returned change %d, %v; want the newest of this revision", c.Number, err)
	}
	if _, err := s.Find("none"); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("Find returned %v", err)
	}
}

func TestOpenWithoutAFile(t *testing.T) {
	if _, err := Open(Options{}); err == nil || err.Error() != "neither a policy file nor a history of policies is given" {
		t.Errorf("Open of nothing returned %v", err)
	}
	folder := seeded(t)
	s := open(t, Options{History: history(t, folder)})
	inEffect(t, s, 1, 1, FromFile)
	if changed, err := s.Reload(); changed || err != nil {
		t.Errorf("Reload without a file returned %v, %v", changed, err)
	}
}

func TestOpenFaults(t *testing.T) {
	var faults *policy.Faults
	if _, err := Open(Options{Path: policyFile(t, bad)}); !errors.As(err, &faults) || len(faults.Faults) != 2 {
		t.Errorf("a faulty file without a history: %v", err)
	}
	if _, err := Open(Options{Path: filepath.Join(t.TempDir(), "none.yaml")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file without a history: %v", err)
	}
	no := effects{refuse: errors.New("port in use")}
	if _, err := Open(Options{Path: policyFile(t, text(1)), Apply: no.apply}); !errors.Is(err, no.refuse) {
		t.Errorf("a file that cannot take effect: %v", err)
	}
	folder := seeded(t)
	if _, err := Open(Options{History: history(t, folder), Apply: no.apply}); !errors.Is(err, no.refuse) || !strings.Contains(err.Error(), "change 1 of the history") {
		t.Errorf("a history that cannot take effect: %v", err)
	}
}

// TestRefusalsOfTheFileCountOnce holds that a file that stays bad does not come after
// the push that followed it.
func TestRefusalsOfTheFileCountOnce(t *testing.T) {
	path := policyFile(t, text(1))
	s := open(t, Options{Path: path})
	write(t, path, bad)
	for range 2 {
		if _, err := s.Reload(); err == nil || s.Refused() == nil {
			t.Fatalf("the bad file: %v, refused %v", err, s.Refused())
		}
	}
	_, err := s.Push(push(text(2), ""))
	must(t, err)
	if _, err := s.Reload(); err == nil || s.Refused() != nil {
		t.Errorf("the bad file, again: %v, refused %v", err, s.Refused())
	}
	write(t, path, bad+"listen: 1\n")
	if _, err := s.Reload(); err == nil || s.Refused() == nil {
		t.Errorf("another bad file: %v, refused %v", err, s.Refused())
	}
	inEffect(t, s, 2, 2, FromPush)
}

func TestLatestWhileChanging(t *testing.T) {
	path := policyFile(t, text(1))
	s := open(t, Options{Path: path})
	write(t, path, text(2))
	var wg sync.WaitGroup
	var changed [4]bool
	for i := range changed {
		wg.Go(func() {
			changed[i], _ = s.Reload()
			if s.Latest() == nil {
				t.Error("no Set")
			}
		})
	}
	wg.Wait()
	count := 0
	for _, c := range changed {
		if c {
			count++
		}
	}
	if count != 1 {
		t.Errorf("%d reloads saw the change, want exactly one", count)
	}
	inEffect(t, s, 2, 2, FromFile)
}

// TestReadingWaitsForNoChange reads from within Apply, under the change's lock.
func TestReadingWaitsForNoChange(t *testing.T) {
	var s *Source
	var during []string
	apply := func(*policy.Set) error {
		if s != nil {
			during = append(during, s.Latest().Revision, s.Current().Revision, s.History()[0].Revision)
			_, err := s.Find(revision(1))
			return err
		}
		return nil
	}
	s = open(t, Options{Path: policyFile(t, text(1)), Apply: apply})
	_, err := s.Push(push(text(2), ""))
	must(t, err)
	if want := []string{revision(1), revision(1), revision(1)}; !cmp.Equal(want, during) {
		t.Errorf("read %v, want %v", during, want)
	}
}
