// Package e2e holds that its README names every test of the folders below.
package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheReadmeNamesEveryTest holds that each test below has its place in the README,
// under its folder's head, and that the README names no other. Stages have their own.
func TestTheReadmeNamesEveryTest(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, section := range strings.Split(string(readme), "\n## ")[1:] {
		folder, rest, _ := strings.Cut(section, "\n")
		for line := range strings.Lines(rest) {
			if columns := strings.Split(line, "|"); len(columns) == 4 {
				for name := range strings.SplitSeq(columns[2], ",") {
					named[folder+"/"+strings.TrimSpace(name)] = true
				}
			}
		}
	}
	for _, test := range testsBelow(t) {
		if !named[test] {
			t.Errorf("the README does not name %s", test)
		}
		delete(named, test)
	}
	for name := range named {
		if !strings.HasSuffix(name, "/Test") && !strings.HasSuffix(name, "/---") {
			t.Errorf("the README names %s, which is not there", name)
		}
	}
}

// testsBelow lists the tests, as folder and name without its prefix.
func testsBelow(t *testing.T) (tests []string) {
	t.Helper()
	files, err := filepath.Glob("*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	test := regexp.MustCompile(`(?m)^func Test(\w+)\(t \*testing\.T\)`)
	for _, file := range files {
		folder := filepath.Dir(file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range test.FindAllSubmatch(text, -1) {
			if folder != "stages" {
				tests = append(tests, folder+"/"+string(found[1]))
			}
		}
	}
	return tests
}
