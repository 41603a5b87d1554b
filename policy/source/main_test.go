package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
)

// patience bounds every wait for something that must happen.
const patience = 20 * time.Second

// text is a policy that differs from that of any other n.
func text(n int) string { return fmt.Sprintf("version: 1\nlimits: {body: %dKiB}\n", n) }

// bad is a policy with two faults.
const bad = "version: 1\nlimits: {body: 7}\nmodles: {}\n"

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace saves as vim and sed -i do: a new file under a new name, renamed.
func replace(t testing.TB, path, text string) {
	t.Helper()
	write(t, path+"~", text)
	must(t, os.Rename(path+"~", path))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mount does what the kubelet does to put files into a ConfigMap's mount: a new
// folder, a new link to it renamed over ..data, links from the names, and the old
// folder removed.
func mount(t testing.TB, volume, stamp string, files map[string]string) {
	t.Helper()
	old, _ := os.Readlink(filepath.Join(volume, "..data")) // none at first
	must(t, os.MkdirAll(filepath.Join(volume, stamp), 0o755))
	for name, text := range files {
		write(t, filepath.Join(volume, stamp, name), text)
	}
	swap(t, volume, stamp)
	for name := range files {
		if _, err := os.Lstat(filepath.Join(volume, name)); err != nil {
			must(t, os.Symlink(filepath.Join("..data", name), filepath.Join(volume, name)))
		}
	}
	if old != "" {
		must(t, os.RemoveAll(filepath.Join(volume, old)))
	}
}

// swap makes ..data of a ConfigMap's mount lead to another folder.
func swap(t testing.TB, volume, stamp string) {
	t.Helper()
	data := filepath.Join(volume, "..data")
	must(t, os.Symlink(stamp, data+"_tmp"))
	must(t, os.Rename(data+"_tmp", data))
}

// whole fails the test if a file of a history is torn.
func whole(t testing.TB) func(Torn) {
	return func(torn Torn) { t.Errorf("torn: %+v", torn) }
}

// withoutSum is the stored form of a change as the releases before checksums wrote it.
func withoutSum(text string) string {
	if at := strings.LastIndex(text, string(sumMember)); at >= 0 {
		return text[:at] + "\n}\n"
	}
	return text
}

// history opens one in a folder.
func history(t testing.TB, folder string) History {
	t.Helper()
	h, err := OpenFolder(folder, whole(t))
	must(t, err)
	return h
}

// seeded returns a history's folder with one change in it.
func seeded(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	s := open(t, Options{Path: policyFile(t, text(1)), History: history(t, folder)})
	if s.Current().Number != 1 {
		t.Fatalf("the first change is %d", s.Current().Number)
	}
	return folder
}

// files is a policy to push.
func files(text string) []policy.File {
	return []policy.File{{Name: "pushed.yaml", Data: []byte(text)}}
}
