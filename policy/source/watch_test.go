package source

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// never is an interval that leaves events as the only way to notice a change.
const never = time.Hour

// watched runs a watch and returns what the policy is at each of its calls; empty
// if it cannot be read.
func watched(t *testing.T, path string, interval time.Duration) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	seen, done := make(chan string), make(chan error, 1)
	w := watch{path: path, interval: interval, changed: func() {
		all, _ := Read(path)
		content := ""
		for _, f := range all {
			content += string(f.Data)
		}
		select {
		case seen <- content:
		case <-ctx.Done():
		}
	}}
	go func() { done <- w.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the watch ended with %v", err)
		}
	})
	return seen
}

// await waits until the policy is seen to be this.
func await(t *testing.T, seen <-chan string, want string) {
	t.Helper()
	deadline := time.After(patience)
	last := "nothing"
	for {
		select {
		case last = <-seen:
			if last == want {
				return
			}
		case <-deadline:
			t.Fatalf("saw %q last, want %q", last, want)
		}
	}
}

func TestWatchFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, "1")
	seen := watched(t, path, never)
	await(t, seen, "1")
	write(t, path, "2, in place")
	await(t, seen, "2, in place")
	replace(t, path, "3, replaced")
	await(t, seen, "3, replaced")
	write(t, path, "4, in place after being replaced")
	await(t, seen, "4, in place after being replaced")
	must(t, os.Remove(path))
	await(t, seen, "")
	write(t, path, "5, made again")
	await(t, seen, "5, made again")
	replace(t, path, "6")
	await(t, seen, "6")
}

// TestWatchVim saves as vim does with its defaults: the old file becomes a backup.
func TestWatchVim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, "1")
	seen := watched(t, path, never)
	await(t, seen, "1")
	for _, text := range []string{"2", "3"} {
		must(t, os.Rename(path, path+"~"))
		write(t, path, text)
		must(t, os.Remove(path+"~"))
		await(t, seen, text)
	}
}

func TestWatchFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "policies")
	must(t, os.Mkdir(folder, 0o755))
	at := func(name string) string { return filepath.Join(folder, name) }
	seen := watched(t, folder, never)
	await(t, seen, "")
	write(t, at("b.yaml"), "b")
	await(t, seen, "b")
	write(t, at("a.json"), "a")
	await(t, seen, "ab")
	replace(t, at("b.yaml"), "B")
	await(t, seen, "aB")
	must(t, os.Remove(at("a.json")))
	await(t, seen, "B")
	must(t, os.Rename(at("b.yaml"), at("c.yml")))
	write(t, at("c.yml"), "c")
	await(t, seen, "c")
	must(t, os.RemoveAll(folder))
	await(t, seen, "")
	must(t, os.Mkdir(folder, 0o755))
	write(t, at("d.yaml"), "d")
	await(t, seen, "d")
	write(t, at("d.yaml"), "D")
	await(t, seen, "D")
}

func TestWatchConfigMap(t *testing.T) {
	for _, name := range []string{"", "policy.yaml"} {
		t.Run("path "+name, func(t *testing.T) {
			volume := t.TempDir()
			mount(t, volume, "..2026_01", map[string]string{"policy.yaml": "1"})
			seen := watched(t, filepath.Join(volume, name), never)
			await(t, seen, "1")
			mount(t, volume, "..2026_02", map[string]string{"policy.yaml": "2"})
			await(t, seen, "2")
			mount(t, volume, "..2026_03", map[string]string{"policy.yaml": "3"})
			await(t, seen, "3")
			// The old folder stays when the kubelet dies half-way.
			must(t, os.Mkdir(filepath.Join(volume, "..2026_04"), 0o755))
			write(t, filepath.Join(volume, "..2026_04", "policy.yaml"), "4")
			swap(t, volume, "..2026_04")
			await(t, seen, "4")
		})
	}
}

// TestWatchBehindLinks changes what a chain of symbolic links leads to, at each of
// its ends.
func TestWatchBehindLinks(t *testing.T) {
	top := t.TempDir()
	at := func(name string) string { return filepath.Join(top, name) }
	for _, folder := range []string{"etc", "releases/1", "releases/2"} {
		must(t, os.MkdirAll(at(folder), 0o755))
	}
	write(t, at("releases/1/policy.yaml"), "1")
	write(t, at("releases/2/policy.yaml"), "2")
	must(t, os.Symlink("releases/1", at("current")))
	must(t, os.Symlink("../current/policy.yaml", at("etc/policy.yaml")))
	seen := watched(t, at("etc/policy.yaml"), never)
	await(t, seen, "1")
	write(t, at("releases/1/policy.yaml"), "1, written")
	await(t, seen, "1, written")
	must(t, os.Symlink(at("releases/2"), at("next")))
	must(t, os.Rename(at("next"), at("current")))
	await(t, seen, "2")
	replace(t, at("releases/2/policy.yaml"), "2, replaced")
	await(t, seen, "2, replaced")
	replace(t, at("etc/policy.yaml"), "3, no link any more")
	await(t, seen, "3, no link any more")
}

func TestWatchWhatIsNotThereYet(t *testing.T) {
	top := t.TempDir()
	path := filepath.Join(top, "etc", "headgate", "policy.yaml")
	seen := watched(t, path, never)
	await(t, seen, "")
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	write(t, path, "1")
	await(t, seen, "1")
}

// TestWatchWithoutEvents writes through another name of the file in another folder,
// which sends the policy's folder no event.
func TestWatchWithoutEvents(t *testing.T) {
	path, alias := filepath.Join(t.TempDir(), "policy.yaml"), filepath.Join(t.TempDir(), "alias")
	write(t, path, "1")
	must(t, os.Link(path, alias))
	seen := watched(t, path, 10*time.Millisecond)
	await(t, seen, "1")
	write(t, alias, "2, longer")
	await(t, seen, "2, longer")
}

// TestWatchDoesNotWaitForEver holds that a file that is written all the time is
// noticed all the same.
func TestWatchDoesNotWaitForEver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, "1")
	seen := watched(t, path, never)
	await(t, seen, "1")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				write(t, path, "on and on")
			}
		}
	}()
	select {
	case <-seen:
	case <-time.After(patience):
		t.Error("not noticed while it is written")
	}
	close(stop)
	<-done
}

func TestWatchEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	err := Watch(ctx, path, func() { calls++; cancel() })
	if err != nil || calls != 1 {
		t.Errorf("Watch returned %v after %d calls", err, calls)
	}
}

func TestViewConcerns(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	folder := filepath.Join(top, "policies")
	must(t, os.Mkdir(folder, 0o755))
	write(t, filepath.Join(folder, "a.yaml"), "a")
	tests := []struct {
		watched, changed string
		want             bool
	}{
		{"policies", "policies/a.yaml", true},
		{"policies", "policies/new.json", true},
		{"policies", "policies/.draft-1", false},
		{"policies", "policies/access.log", false},
		{"policies", "policies", true},
		{"policies", "other", false},
		{"policies/a.yaml", "policies/a.yaml", true},
		{"policies/a.yaml", "policies/b.yaml", false},
		{"policies/a.yaml", "policies/a.yaml~", false},
	}
	for _, tt := range tests {
		v := look(filepath.Join(top, tt.watched))
		if got := v.concerns(filepath.Join(top, tt.changed)); got != tt.want {
			t.Errorf("a change of %s concerns %s: %v, want %v", tt.changed, tt.watched, got, tt.want)
		}
	}
}
