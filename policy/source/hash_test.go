package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// elsewhere is the revision of text(n) by the hash of another version of Headgate.
func elsewhere(n int) string { return fmt.Sprintf("%012d", n) }

// rehash makes every entry of a history one of another version.
func rehash(t *testing.T, folder string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	must(t, err)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		must(t, err)
		text := withoutSum(string(data))
		for n := 1; n < 10; n++ {
			text = strings.ReplaceAll(text, revision(n), elsewhere(n))
		}
		write(t, path, text)
	}
}

// TestHashOfAnotherVersion holds that a history whose revisions another version computed
// otherwise goes on: what the file was is known, nothing is recorded anew, and both
// names of a policy find it.
func TestHashOfAnotherVersion(t *testing.T) {
	folder, path := t.TempDir(), policyFile(t, text(1))
	change(t, open(t, Options{Path: path, History: history(t, folder)}), path, "push 2")
	rehash(t, folder)
	s := open(t, Options{Path: path, History: history(t, folder)})
	inEffect(t, s, 2, 2, FromPush)
	for number, names := range map[int][]string{1: {revision(1), elsewhere(1)}, 2: {revision(2), elsewhere(2)}} {
		for _, name := range names {
			if c, err := s.Find(name); err != nil || c.Number != number {
				t.Errorf("%s finds change %d, %v", name, c.Number, err)
			}
		}
	}
	if c, err := s.Push(push(text(2), elsewhere(2))); err != nil || c.Number != 2 || c.Revision != revision(2) {
		t.Errorf("pushing the same again: %+v, %v", c, err)
	}
	if _, err := s.Push(push(text(3), revision(2))); err != nil {
		t.Errorf("the revision that is shown cannot be expected: %v", err)
	}
	if c, before := s.Current(), s.History()[1]; c.Parent != revision(2) || before.Revision != c.Parent {
		t.Errorf("the parent is %s, and the change before is shown as %s", c.Parent, before.Revision)
	}
}

// TestRollbackOverAnotherVersion holds that going back step by step passes over what
// means the same, by whichever version it was recorded: it never goes forth again.
func TestRollbackOverAnotherVersion(t *testing.T) {
	folder, path := t.TempDir(), policyFile(t, text(1))
	s := open(t, Options{Path: path, History: history(t, folder)})
	for _, step := range []string{"push 2", "push 3"} {
		change(t, s, path, step)
	}
	rehash(t, folder)
	for i, n := range []int{2, 1} {
		s = open(t, Options{Path: path, History: history(t, folder)})
		change(t, s, path, "rollback")
		inEffect(t, s, n, 4+i, FromRollback)
	}
	if _, err := s.Rollback("", Proposal{Author: "bob", Reason: "test"}); err == nil {
		t.Error("there is something before the first policy")
	}
}

// TestRollbackPassesOverTheSame holds that what means the same as the policy in effect is
// no policy before it, though another version recorded it under another revision.
func TestRollbackPassesOverTheSame(t *testing.T) {
	folder, path := t.TempDir(), policyFile(t, text(1))
	s := open(t, Options{Path: path, History: history(t, folder)})
	for _, step := range []string{"push 2", "push 3"} {
		change(t, s, path, step)
	}
	rehash(t, folder)
	write(t, filepath.Join(folder, "000003.rejected"), "no key\n")
	s = open(t, Options{Path: path, History: history(t, folder)})
	for _, step := range []string{"push 2", "rollback"} {
		change(t, s, path, step)
	}
	inEffect(t, s, 1, 5, FromRollback)
}

// TestReplicasOfTwoVersions holds that replicas which hash otherwise and share a history
// and a file record each change once, however often both read.
func TestReplicasOfTwoVersions(t *testing.T) {
	folder, path := t.TempDir(), policyFile(t, text(1))
	here := open(t, Options{Path: path, History: history(t, folder)})
	for n := 2; n < 5; n++ {
		change(t, here, path, fmt.Sprintf("file %d", n))
		rehash(t, folder) // as the other one, being first, would have recorded it
		there := open(t, Options{Path: path, History: history(t, folder)})
		for range 3 {
			for _, s := range []*Source{here, there} {
				if changed, err := s.Reload(); changed || err != nil {
					t.Errorf("it flaps: %v, %v", changed, err)
				}
			}
		}
		inEffect(t, there, n, n, FromFile)
	}
}

// TestEntryOfANewerVersion holds that a change which only a newer version can read is
// refused and leaves what was in effect, and that nothing is recorded over it.
func TestEntryOfANewerVersion(t *testing.T) {
	folder, path := t.TempDir(), policyFile(t, text(1))
	s := open(t, Options{Path: path, History: history(t, folder)})
	must(t, os.WriteFile(filepath.Join(folder, "000002.json"), []byte(`{"number":2,"revision":"000000000002","origin":"push","author":"ann","later":true,"files":[{"name":"p.yaml","data":"dmVyc2lvbjogMQpsYXRlcjoge30K"}]}`), 0o600))
	for range 3 {
		if changed, err := s.Reload(); changed || err == nil || !strings.Contains(err.Error(), `unknown key "later"`) {
			t.Errorf("changed %v, %v", changed, err)
		}
	}
	inEffect(t, s, 1, 1, FromFile)
	if all := s.History(); len(all) != 2 || all[0].Revision != "000000000002" {
		t.Errorf("the history is %+v", all)
	}
}
