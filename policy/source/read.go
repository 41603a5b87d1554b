package source

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/headgate/headgate/policy"
)

// Load reads and compiles the policy at a path, as Read finds it. If the policy
// itself is at fault the error wraps *policy.Faults; else *ReadError.
func Load(path string) (*policy.Set, error) { return parsed(Read(path)) }

// LoadOnce is Load for a policy that is read a single time, as ReadOnce finds it.
func LoadOnce(ctx context.Context, path string) (*policy.Set, error) {
	return parsed(ReadOnce(ctx, path))
}

func parsed(files []policy.File, err error) (*policy.Set, error) {
	if err != nil {
		return nil, err
	}
	return policy.ParseFiles(files)
}

// ReadError says why the files of a policy could not be read.
type ReadError struct{ Err error }

// Error says what was attempted, and why it did not work.
func (e *ReadError) Error() string { return "reading policy: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// attempts bounds how often a policy is read that changes meanwhile.
const attempts = 5

// Read returns the files of the policy at a path: the file itself, or of a folder
// every *.yaml, *.yml and *.json directly in it, sorted by name. Names that begin
// with a dot are left out: a ConfigMap's mount keeps its bookkeeping under such.
// What was read stood there together: no file is from before a change and another
// from after it. What is no regular file is an error: a pipe or a device may never
// end, and says nothing a second time.
func Read(path string) ([]policy.File, error) {
	for range attempts {
		before := look(path).stamp()
		files, err := read(path)
		if look(path).stamp() != before {
			continue
		}
		if err != nil {
			return nil, &ReadError{err}
		}
		return files, nil
	}
	return nil, &ReadError{fmt.Errorf("%s changes while it is read", path)}
}

// ReadOnce is Read for a policy that is read a single time: the path may lead to a
// pipe, such as a shell's <(...), which is waited for until ctx is done.
func ReadOnce(ctx context.Context, path string) ([]policy.File, error) {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() || info.Mode().IsRegular() {
		return Read(path)
	}
	type answer struct {
		file policy.File
		err  error
	}
	answered := make(chan answer, 1)
	go func() { // nothing ends a wait for the other end of a pipe but that end, or the process's
		f, err := readStream(path)
		answered <- answer{f, err}
	}()
	select {
	case a := <-answered:
		if a.err != nil {
			return nil, &ReadError{a.err}
		}
		return []policy.File{a.file}, nil
	case <-ctx.Done():
		return nil, &ReadError{fmt.Errorf("waiting for %s: %w", path, context.Cause(ctx))}
	}
}

func read(path string) ([]policy.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readFolder(path)
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	f, err := readFile(path)
	return []policy.File{f}, err
}

// regular refuses what is no regular file.
func regular(path string, info os.FileInfo) error {
	kind := "something else"
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode&os.ModeNamedPipe != 0:
		kind = "a pipe"
	case mode&os.ModeSocket != 0:
		kind = "a socket"
	case mode&os.ModeDevice != 0:
		kind = "a device"
	}
	return fmt.Errorf("%s is no regular file but %s", path, kind)
}

func readFolder(folder string) ([]policy.File, error) {
	all, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []policy.File
	total := 0
	for _, e := range all {
		path := filepath.Join(folder, e.Name())
		ours, err := isDocument(path)
		if err != nil {
			return nil, err
		}
		if !ours {
			continue
		}
		f, err := readFile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		if total += len(f.Data); total > policy.MaxDocument {
			break // ParseFiles refuses what is there already
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("folder %s holds no *.yaml, *.yml or *.json", folder)
	}
	return files, nil
}

// isDocument reports whether a path in a folder is a file of the policy. A pipe or
// device of such a name is an error.
func isDocument(path string) (bool, error) {
	if !named(filepath.Base(path)) {
		return false, nil
	}
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return false, err
	}
	err = regular(path, info)
	return err == nil, err
}

// named reports whether a file of this name in a folder belongs to the policy.
func named(name string) bool {
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".json":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

// readFile reads a regular file. It is judged once more when it is open, and opened so
// that this does not wait: a pipe may have taken its place.
func readFile(path string) (policy.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return policy.File{}, err
	}
	defer f.Close() // only read from: nothing can get lost
	info, err := f.Stat()
	if err != nil {
		return policy.File{}, err
	}
	if err := regular(path, info); err != nil {
		return policy.File{}, err
	}
	return contents(path, f)
}

// readStream reads what there may be no end of, or no beginning.
func readStream(path string) (policy.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return policy.File{}, err
	}
	defer f.Close() // only read from: nothing can get lost
	return contents(path, f)
}

func contents(path string, f *os.File) (policy.File, error) {
	// One byte more than is allowed, so that ParseFiles sees that it is too much.
	data, err := io.ReadAll(io.LimitReader(f, policy.MaxDocument+1))
	return policy.File{Name: path, Data: data}, err
}
