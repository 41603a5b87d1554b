package source

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

func TestReadFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "policy.conf")
	write(t, path, text(1))
	must(t, os.Symlink("policy.conf", filepath.Join(folder, "link")))
	for _, name := range []string{path, filepath.Join(folder, "link")} {
		got, err := Read(name)
		if want := []policy.File{{Name: name, Data: []byte(text(1))}}; err != nil || !cmp.Equal(want, got) {
			t.Errorf("Read returned %v, %v; want %v", got, err, want)
		}
	}
}

func TestReadFolder(t *testing.T) {
	folder, elsewhere := t.TempDir(), t.TempDir()
	write(t, filepath.Join(folder, "b.yml"), "b")
	write(t, filepath.Join(folder, "a.yaml"), "a")
	write(t, filepath.Join(elsewhere, "target"), "c")
	must(t, os.Symlink(filepath.Join(elsewhere, "target"), filepath.Join(folder, "c.json")))
	for _, left := range []string{".hidden.yaml", "..data.json", "README.md", "d.yaml~", "e.yaml.swp"} {
		write(t, filepath.Join(folder, left), "left out")
	}
	must(t, os.Mkdir(filepath.Join(folder, "folder.yaml"), 0o755))
	must(t, os.Symlink(folder, filepath.Join(elsewhere, "link")))
	for _, path := range []string{folder, filepath.Join(elsewhere, "link")} {
		var got []string
		all, err := Read(path)
		for _, f := range all {
			got = append(got, f.Name+"="+string(f.Data))
		}
		want := []string{filepath.Join(path, "a.yaml") + "=a", filepath.Join(path, "b.yml") + "=b", filepath.Join(path, "c.json") + "=c"}
		if err != nil || !cmp.Equal(want, got) {
			t.Errorf("Read(%s) returned %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestReadConfigMap(t *testing.T) {
	volume := t.TempDir()
	mount(t, volume, "..2026_01", map[string]string{"a.yaml": "1", "b.yaml": "1"})
	mount(t, volume, "..2026_02", map[string]string{"a.yaml": "2", "b.yaml": "2"})
	all, err := Read(volume)
	if err != nil || len(all) != 2 || string(all[0].Data)+string(all[1].Data) != "22" {
		t.Errorf("Read returned %v, %v", all, err)
	}
}

// TestReadTakesNoMixture reads a ConfigMap while the kubelet replaces it.
func TestReadTakesNoMixture(t *testing.T) {
	volume := t.TempDir()
	stamps, contents := []string{"..even", "..odd"}, []string{"0", "1"}
	put := func(i int) {
		mount(t, volume, stamps[i%2], map[string]string{"a.yaml": contents[i%2], "b.yaml": contents[i%2], "c.yaml": contents[i%2]})
	}
	put(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
				put(i)
			}
		}
	}()
	for good := 0; good < 200; {
		all, err := Read(volume)
		if err != nil {
			continue // it changes all the time: to say so is right
		}
		good++
		if a, b, c := string(all[0].Data), string(all[1].Data), string(all[2].Data); a != b || b != c {
			t.Errorf("a mixture was read: %s%s%s", a, b, c)
			break
		}
	}
	close(stop)
	<-done
}

func TestLoadFaults(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	must(t, os.Mkdir(at("empty"), 0o755))
	must(t, os.Mkdir(at("pipe"), 0o755))
	must(t, syscall.Mkfifo(at("pipe/a.yaml"), 0o600))
	must(t, syscall.Mkfifo(at("pipe.yaml"), 0o600))
	socket, err := net.Listen("unix", at("s"))
	must(t, err)
	defer socket.Close()
	must(t, os.Mkdir(at("dangling"), 0o755))
	must(t, os.Symlink("nowhere", at("dangling/a.yaml")))
	must(t, os.Symlink("loop.yaml", at("loop.yaml")))
	write(t, at("bad.yaml"), bad)
	write(t, at("large.yaml"), "version: 1\n#"+strings.Repeat("x", policy.MaxDocument))
	must(t, os.Mkdir(at("sum"), 0o755))
	for _, name := range []string{"sum/a.yaml", "sum/b.yaml", "sum/c.yaml"} {
		write(t, at(name), "version: 1\n#"+strings.Repeat("x", policy.MaxDocument/2))
	}
	tests := []struct {
		name, path, want string
		faults           int // 0: not the policy's own
	}{
		{"missing", "none.yaml", "reading policy: stat " + at("none.yaml"), 0},
		{"a folder without a policy", "empty", "reading policy: folder " + at("empty") + " holds no *.yaml", 0},
		{"a pipe in a folder", "pipe", at("pipe/a.yaml") + " is no regular file", 0},
		{"a pipe", "pipe.yaml", "reading policy: " + at("pipe.yaml") + " is no regular file but a pipe", 0},
		{"a socket", "s", "reading policy: " + at("s") + " is no regular file but a socket", 0},
		{"a device", "../../../../../../../dev/null", "/dev/null is no regular file but a device", 0},
		{"a link to nowhere in a folder", "dangling", at("dangling/a.yaml"), 0},
		{"a link to itself", "loop.yaml", "reading policy: stat " + at("loop.yaml"), 0},
		{"a faulty document", "bad.yaml", at("bad.yaml") + ":2:16 limits.body: ", 2},
		{"a document that is too large", "large.yaml", "the document is larger than", 1},
		{"files that are too large together", "sum", at("sum/b.yaml") + ":1:1: the files up to this one", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Load(at(tt.path))
			if set != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Load returned %v, %v; want %s", set, err, tt.want)
			}
			var faults *policy.Faults
			if errors.As(err, &faults) != (tt.faults > 0) || faults != nil && len(faults.Faults) != tt.faults {
				t.Errorf("%d faults are meant: %v", tt.faults, err)
			}
		})
	}
	if _, err := Load(at("none.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cause is lost: %v", err)
	}
}

// TestAPipeIsReadOnce holds that what is read a single time may come through a pipe,
// which the reader gives up when it has to, and that files are read, too.
func TestAPipeIsReadOnce(t *testing.T) {
	silent, pipe := filepath.Join(t.TempDir(), "silent"), filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(silent, 0o600))
	must(t, syscall.Mkfifo(pipe, 0o600))
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New("asked to end")) })
	_, err := ReadOnce(ctx, silent)
	if err == nil || !strings.Contains(err.Error(), "waiting for "+silent+": asked to end") {
		t.Errorf("nobody writes: %v", err)
	}
	put := func(pipe string) {
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		must(t, err)
		_, err = w.WriteString(text(1))
		must(t, errors.Join(err, w.Close()))
	}
	put(silent) // lets go who has given up
	wrote := make(chan struct{})
	go func() { defer close(wrote); put(pipe) }()
	all, err := ReadOnce(t.Context(), pipe)
	<-wrote
	if want := []policy.File{{Name: pipe, Data: []byte(text(1))}}; err != nil || !cmp.Equal(want, all) {
		t.Errorf("read %v, %v; want %v", all, err, want)
	}
	if set, err := LoadOnce(t.Context(), policyFile(t, text(1))); err != nil || set.Revision != revision(1) {
		t.Errorf("a file: %v, %v", set, err)
	}
}

// TestAPipeInThePlaceOfTheFile holds that a Source refuses what it could wait for, and
// goes on.
func TestAPipeInThePlaceOfTheFile(t *testing.T) {
	path := policyFile(t, text(1))
	s := open(t, Options{Path: path})
	must(t, os.Remove(path))
	must(t, syscall.Mkfifo(path, 0o600))
	if changed, err := s.Reload(); changed || err == nil || s.Refused() == nil {
		t.Errorf("changed %v, error %v, refused %v", changed, err, s.Refused())
	}
	must(t, os.Remove(path))
	write(t, path, text(2))
	if changed, err := s.Reload(); !changed || err != nil || s.Refused() != nil {
		t.Errorf("changed %v, error %v, refused %v", changed, err, s.Refused())
	}
}
