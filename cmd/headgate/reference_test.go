package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/reference"
)

var update = flag.Bool("update", false, "rewrite the reference pages")

// TestReferencePages holds that the reference pages are what the code makes of itself.
func TestReferencePages(t *testing.T) {
	for variable, value := range map[string]string{"HEADGATE_ADMIN": "", "HEADGATE_ADMIN_KEY_FILE": "", "USER": "$USER"} {
		t.Setenv(variable, value) // is the default of a flag
	}
	pages, err := reference.Pages("../..", newRoot())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		path := filepath.Join("reference", p.Name)
		if *update {
			if err := os.WriteFile(path, []byte(p.Text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		is, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(is), p.Text); diff != "" {
			t.Errorf("%s is outdated, run make generate: (-is +made of the code)\n%s", path, diff)
		}
	}
}
