// Command schemagen writes schema.json and README.md of package policy from the
// fields that the parser itself reads by, so that they cannot differ from it.
//
//	go run ./policy/schemagen
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/strict"
)

func main() {
	folder := "policy"
	if len(os.Args) == 2 {
		folder = os.Args[1]
	}
	if err := write(folder); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

// write writes both files into the folder of package policy.
func write(folder string) error {
	files, err := generate(folder)
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the files by name. The example in the reference is a document
// that the parser's own tests read.
func generate(folder string) (map[string][]byte, error) {
	example, err := os.ReadFile(filepath.Join(folder, "testdata", "good", "full.yaml"))
	if err != nil {
		return nil, err
	}
	schema, err := strict.Schema(policy.Document(), "Headgate policy, version 1")
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"schema.json": schema, "README.md": reference(policy.Document(), example)}, nil
}
