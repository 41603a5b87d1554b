package door

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// stranger is another user of the machine, with no group.
const stranger = 65534

// asStranger runs a function as that user, on a thread that ends with it.
func asStranger(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root becomes another user")
	}
	done := make(chan unix.Errno)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread goes with the goroutine
		_, _, err := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0)
		if err == 0 {
			_, _, err = unix.RawSyscall(unix.SYS_SETRESGID, stranger, stranger, stranger)
		}
		if err == 0 {
			_, _, err = unix.RawSyscall(unix.SYS_SETRESUID, stranger, stranger, stranger)
		}
		if err == 0 {
			f()
		}
		done <- err
	}()
	if err := <-done; err != 0 {
		t.Skipf("becoming another user: %v", err)
	}
}

// TestStrangersFindFilesShut holds that another user of the machine opens no file and no socket of a
// gateway's, reads no environment of its processes, and sees no secret in their command lines; and
// that secrets are in no file, but those that are there for them.
func TestStrangersFindFilesShut(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	env := []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey, "DOOR_KEY=" + key}
	text := gatewaytest.PolicyFor(p, "") + callers
	run := gatewaytest.Start(t, text, gatewaytest.Options{Env: env})
	fleet := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: text, Env: env})
	pair := fleet.Pairs[0]
	for _, g := range []*gatewaytest.Gateway{run, &pair.Gateway} {
		if a := g.Ask(with("POST", "/v1/chat/completions", gatewaytest.ChatBody("keyed", "", false))); a.Status != 200 {
			t.Fatalf("status %d: %s", a.Status, a.Body)
		}
	}
	roots := []string{filepath.Dir(run.Data), fleet.Dir}
	for _, root := range roots {
		letIn(t, root)
	}
	skip := map[string]bool{run.Policy: true, fleet.Policy: true, filepath.Join(fleet.Dir, "envoy.jsonl"): true, fleet.Bootstrap(pair): true}
	seen := 0
	asStranger(t, func() {
		for _, root := range roots {
			seen += shut(t, root, skip)
		}
		for name, process := range map[string]*gatewaytest.Process{"run": run.Process, "xds": fleet.XDS[0].Process, "extproc": pair.ExtProc, "envoy": pair.Envoy} {
			for _, file := range []string{"environ", "mem", "fd", "cwd", "root", "maps", "io"} {
				if path := filepath.Join("/proc", strconv.Itoa(process.Pid()), file); readable(path) {
					t.Errorf("%s of %s can be read", file, name)
				}
			}
		}
	})
	if seen < 20 {
		t.Errorf("only %d files and sockets were tried", seen)
	}
	for _, process := range []*gatewaytest.Process{run.Process, fleet.XDS[0].Process, pair.ExtProc, pair.Envoy} {
		holdsNone(t, "a command line", cmdline(t, process.Pid()), gatewaytest.BackendKey, key)
		holdsNone(t, "a log", []byte(process.Log()), gatewaytest.BackendKey, key)
	}
	keys := map[string]bool{"admin.key": true, "xds.token": true}
	for _, root := range roots {
		secrets(t, root, keys, gatewaytest.BackendKey, key)
	}
	for _, child := range children(t, run.Process.Pid()) {
		environ, err := os.ReadFile(filepath.Join("/proc", child, "environ"))
		if err != nil {
			t.Fatal(err)
		}
		holdsNone(t, "the environment of a child", environ, gatewaytest.BackendKey, key)
	}
}

// letIn lets everybody into the folders that an operator may have made: what is within must be shut by
// itself. That of the sockets is Headgate's own.
func letIn(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if strings.HasPrefix(d.Name(), "headgate-") {
			return fs.SkipDir
		}
		return os.Chmod(path, 0o755)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shut tries every file and socket below a folder that can be found, and returns how many there are.
func shut(t *testing.T, root string, skip map[string]bool) (n int) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrPermission):
			n++
			return nil // a folder that is shut
		case err != nil || d.IsDir() || skip[path]:
			return err
		}
		n++
		if d.Type()&fs.ModeSocket != 0 {
			if connects(path) {
				t.Errorf("%s takes connections", path)
			}
		} else if readable(path) || writable(path) {
			t.Errorf("%s can be opened", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

func readable(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err == nil
}

func writable(path string) bool {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err == nil
}

func connects(path string) bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	return unix.Connect(fd, &unix.SockaddrUnix{Name: path}) == nil
}

func holdsNone(t *testing.T, what string, text []byte, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s holds a secret", what)
		}
	}
}

// secrets looks for secrets in all files, and for modes by which others could open what is within
// once a folder of the operator's is open.
func secrets(t *testing.T, root string, keys map[string]bool, all ...string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if keys[d.Name()] && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		text, err := os.ReadFile(path)
		holdsNone(t, path, text, all...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func cmdline(t *testing.T, pid int) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// children are the ids of the processes that a process has started.
func children(t *testing.T, pid int) (ids []string) {
	t.Helper()
	tasks, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "children"))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, strings.Fields(string(text))...)
	}
	if len(ids) == 0 {
		t.Error("the gateway has no child")
	}
	return ids
}
