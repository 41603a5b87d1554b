package source

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/headgate/headgate/policy"
)

// Load reads and compiles the policy at a path, as Read finds it. Where the policy
// itself is at fault the error wraps *policy.Faults; else it says why the policy was
// not read.
func Load(path string) (*policy.Set, error) {
	files, err := Read(path)
	if err != nil {
		return nil, err
	}
	return policy.ParseFiles(files)
}

// attempts bounds how often a policy is read that changes meanwhile.
const attempts = 5

// Read returns the files of the policy at a path: the file itself, or of a folder
// every *.yaml, *.yml and *.json directly in it, sorted by name. Names that begin
// with a dot are left out: a ConfigMap's mount keeps its bookkeeping under such.
// What was read stood there together: no file is from before a change and another
// from after it.
func Read(path string) ([]policy.File, error) {
	for range attempts {
		before := look(path).stamp()
		files, err := read(path)
		if look(path).stamp() != before {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading policy: %w", err)
		}
		return files, nil
	}
	return nil, fmt.Errorf("reading policy: %s changes while it is read", path)
}

func read(path string) ([]policy.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readFolder(path)
	}
	f, err := readFile(path)
	return []policy.File{f}, err
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
		regular, err := isDocument(path)
		if err != nil {
			return nil, err
		}
		if !regular {
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

// isDocument tells whether a path in a folder is a file of the policy. Opening a
// pipe or device of such a name would block, so it is an error.
func isDocument(path string) (bool, error) {
	if !named(filepath.Base(path)) {
		return false, nil
	}
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, errors.New(path + " is no regular file")
	}
	return true, nil
}

// named tells whether a file of this name in a folder belongs to the policy.
func named(name string) bool {
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".json":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

func readFile(path string) (policy.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return policy.File{}, err
	}
	defer f.Close() // only read from: nothing can get lost
	// One byte more than is allowed, so that ParseFiles sees that it is too much.
	data, err := io.ReadAll(io.LimitReader(f, policy.MaxDocument+1))
	return policy.File{Name: path, Data: data}, err
}
