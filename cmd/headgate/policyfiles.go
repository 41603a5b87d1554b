package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy"
)

// policyFiles reads a policy from a file, or from every .yaml, .yml and .json file
// of a folder in the order of their names. Hidden files and folders in it do not
// count.
func policyFiles(path string) ([]policy.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	paths := []string{path}
	if info.IsDir() {
		if paths, err = documents(path); err != nil {
			return nil, err
		}
	}
	var files []policy.File
	for _, p := range paths {
		data, err := readPolicy(p)
		if err != nil {
			return nil, err
		}
		files = append(files, policy.File{Name: filepath.Base(p), Data: data})
	}
	return files, nil
}

func documents(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	var paths []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name())) {
			paths = append(paths, filepath.Join(folder, e.Name()))
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("reading policy: %s holds no .yaml, .yml or .json file", folder)
	}
	return paths, nil
}

func readPolicy(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	defer f.Close() // only read from: nothing can get lost
	// One byte more than is allowed, so that the other end sees that it is too much.
	data, err := io.ReadAll(io.LimitReader(f, policy.MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	return data, nil
}
