package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelpNamesExitCodes holds that the help of every command that does something says what its exit
// codes mean, and that the topic lists them all.
func TestHelpNamesExitCodes(t *testing.T) {
	topic := helpOf(t, "help", "exit-codes")
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			walk(c)
		}
		if cmd.HasSubCommands() || !cmd.Runnable() {
			return
		}
		codes := codesOf(cmd)
		if !strings.HasPrefix(codes, "0") || !strings.Contains(codes, " 2 ") {
			t.Errorf("%s: the help says of exit codes: %q", cmd.CommandPath(), codes)
		}
		if !strings.Contains(topic, "  "+cmd.CommandPath()+"\n      "+codes+"\n") && !strings.HasSuffix(topic, codes+"\n") {
			t.Errorf("headgate help exit-codes does not list %s", cmd.CommandPath())
		}
	}
	walk(newRoot())
}

// TestHelpNamesEnvironment holds that every variable that the sources read is in the topic, and in
// the help of who reads it.
func TestHelpNamesEnvironment(t *testing.T) {
	topic := helpOf(t, "help", "environment")
	for _, name := range variablesRead(t) {
		if !strings.Contains(topic, "\n  "+name+" (") {
			t.Errorf("headgate help environment does not list %s", name)
		}
	}
	for _, c := range []struct{ command, has, lacks string }{
		{"run", "HEADGATE_ENVOY", "HEADGATE_ADMIN_KEY"},
		{"policy show", "HEADGATE_ADMIN_KEY_FILE", "HEADGATE_ENVOY"},
		{"key create", "HEADGATE_ADMIN,", "GOGC"},
		{"extproc", "GOMEMLIMIT", "HEADGATE_ENVOY"},
		{"version", "Exit codes", "Environment"},
	} {
		help := helpOf(t, append(strings.Fields(c.command), "--help")...)
		if !strings.Contains(help, c.has) || strings.Contains(help, c.lacks+",") || strings.Contains(help, c.lacks+" (") {
			t.Errorf("help of %s: want %s and not %s:\n%s", c.command, c.has, c.lacks, help)
		}
	}
}

// variablesRead are the names of environment variables that the sources of the binary read.
func variablesRead(t *testing.T) (names []string) {
	read := regexp.MustCompile(`(?:[gG]etenv|LookupEnv)\("([A-Z_]+)"\)|adminKeyVariable = "([A-Z_]+)"`)
	for _, dir := range []string{".", "../../envoy", "../../extproc", "../../policy", "../../xds"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			tests := strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.Dir(path), "test") || strings.Contains(path, "e2e") || strings.Contains(path, "canontest")
			if err != nil || tests || !strings.HasSuffix(path, ".go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range read.FindAllStringSubmatch(string(text), -1) {
				names = append(names, m[1]+m[2])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) < 5 {
		t.Fatalf("the sources read %v: more was expected", names)
	}
	return names
}

// TestVersionAsJSON holds that programs can read from which commit a binary was built.
func TestVersionAsJSON(t *testing.T) {
	var got map[string]any
	if err := json.Unmarshal([]byte(helpOf(t, "version", "-o", "json")), &got); err != nil {
		t.Fatal(err)
	}
	if got["version"] != version || !strings.HasPrefix(got["go"].(string), "go1.") {
		t.Errorf("headgate version -o json: %v", got)
	}
}

// helpOf is what a command line prints.
func helpOf(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	if code := execute(t.Context(), root); code != 0 {
		t.Fatalf("headgate %s: exit code %d", strings.Join(args, " "), code)
	}
	return out.String()
}
