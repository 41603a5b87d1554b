package source

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// release names the release whose history is recorded: see policy/testdata/wire/README.md.
var release = flag.String("record", "", "name of the release to record a history of")

// releases is the folder of the recorded histories, each named after its release.
const releases = "testdata/history"

// everything are changes that set every field, and bytes that a format could get wrong.
func everything() []Change {
	at := time.Date(2026, 9, 1, 12, 0, 0, 1, time.UTC)
	first := []policy.File{{Name: "policy.yaml", Data: []byte(text(1))}}
	second := []policy.File{{Name: "a.yaml", Data: []byte(text(2))}, {Name: "ü.yaml", Data: []byte("# \xff\r\n")}}
	return []Change{
		{Number: 1, Revision: "000000000001", Origin: FromFile, Author: "file", Reason: "policy.yaml", At: at, Files: first, Taken: true},
		{Number: 2, Revision: "000000000002", Parent: "000000000001", Origin: FromPush, Author: "Ada <ada@example.com>", Reason: "two\nlines", At: at.Add(time.Hour), Files: second, Rejected: "pair-1: a port is taken\npair-2: no such file"},
		{Number: 3, Revision: "000000000001", Parent: "000000000002", Origin: FromRollback, Author: "bob", Reason: "\u2028 & \U0001f600", At: at.Add(2 * time.Hour), Files: first},
		// Releases before overlays have recorded the changes above alone.
		{Number: 4, Revision: "000000000004", Document: "000000000003", Parent: "000000000001", Origin: FromOverlay, Author: "ada", Reason: "because", At: at.Add(3 * time.Hour),
			Files: files(split("5")), Overlay: policy.Overlay{Weights: []policy.Weights{{Model: "m", Uses: map[string]uint32{"a/x": 0, "b/x": 10000},
				Laid: policy.Laid{Author: "ada", Reason: "because", Since: at, Expiry: at.Add(time.Hour)}}}}},
	}
}

// recordEverything writes everything to a folder.
func recordEverything(t *testing.T, folder string) {
	t.Helper()
	h := history(t, folder)
	for _, c := range everything() {
		taken, rejected := c.Taken, c.Rejected
		c.Taken, c.Rejected = false, ""
		d, err := h.Draft(c)
		must(t, err)
		must(t, d.Commit())
		d.Discard()
		if taken {
			h.Mark(c.Number, MarkTaken, "")
		}
		if rejected != "" {
			h.Mark(c.Number, MarkRejected, rejected)
		}
	}
}

// TestRecordRelease writes the history that this version keeps.
func TestRecordRelease(t *testing.T) {
	if *release == "" {
		t.Skip("no release is named with -record")
	}
	recordEverything(t, filepath.Join(releases, *release))
}

// TestFolderOfAnotherRelease holds that the history of every release is read, and that
// the latest of them would find what this version writes of the same changes as its own,
// byte for byte but for the checksum, which it does not look at: a downgrade starts, and replicas
// of both may share a folder.
func TestFolderOfAnotherRelease(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(releases, "*"))
	must(t, err)
	if len(folders) == 0 {
		t.Fatalf("no histories in %s", releases)
	}
	for _, folder := range folders {
		copied := filepath.Join(t.TempDir(), "history") // a read makes and sweeps
		must(t, os.CopyFS(copied, os.DirFS(folder)))
		got := history(t, copied).Changes()
		if diff := cmp.Diff(everything()[:max(3, len(got))], got); diff != "" {
			t.Errorf("%s is read otherwise (-want +got):\n%s", folder, diff)
		}
	}
	commit, err := os.ReadFile("../testdata/release")
	must(t, err)
	ours := t.TempDir()
	recordEverything(t, ours)
	before, now := content(t, filepath.Join(releases, string(commit[:7]))), content(t, ours)
	maps.DeleteFunc(now, func(name, _ string) bool { return before[name] == "" })
	for name, text := range now {
		now[name], before[name] = withoutSum(text), withoutSum(before[name])
	}
	if diff := cmp.Diff(before, now); diff != "" {
		t.Errorf("this version writes otherwise (-release +this):\n%s", diff)
	}
}

// content returns the files of a folder by name.
func content(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	all := make(map[string]string)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		must(t, err)
		all[e.Name()] = string(data)
	}
	return all
}
