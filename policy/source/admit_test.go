package source

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/headgate/headgate/policy"
)

// reading is a policy that reads a variable, and sends it to a host.
func reading(env, host string) string {
	return fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  b: {provider: openai-compatible, url: \"https://%s/v1\", credential: {env: %s}}\nmodels: {m: b/x}\n", host, env)
}

// TestAPushReadsWhatTheFilesDo holds that what is pushed may use what the file names now, what
// it brought before may come back, and all else takes a grant.
func TestAPushReadsWhatTheFilesDo(t *testing.T) {
	path := policyFile(t, reading("ONE", "a.example"))
	grants, err := policy.ParseGrants([]string{"env:FREE"})
	must(t, err)
	s := open(t, Options{Path: path, Grants: grants})
	refused := func(name, text string) {
		t.Helper()
		_, err := s.Push(push(text, ""))
		var faults *policy.Faults
		if !errors.As(err, &faults) || faults.Faults[0].File != "pushed.yaml" || faults.Faults[0].Line != 4 || !strings.Contains(err.Error(), "backends.b.credential: env:") {
			t.Errorf("%s: %v", name, err)
		}
	}
	taken := func(name, text string) {
		t.Helper()
		if _, err := s.Push(push(text, "")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused("another variable", reading("TWO", "a.example"))
	refused("another host", reading("ONE", "b.example"))
	taken("the file's", strings.Replace(reading("ONE", "a.example"), "m:", "n:", 1))
	taken("what a grant covers", reading("FREE", "c.example"))
	if _, err := s.Rollback("", Proposal{Author: "bob", Reason: "back"}); err != nil {
		t.Errorf("back to what was pushed: %v", err)
	}
	write(t, path, reading("TWO", "a.example"))
	_, err = s.Reload()
	must(t, err)
	taken("the file's of now", strings.Replace(reading("TWO", "a.example"), "m:", "n:", 1))
	taken("what the file was before", reading("ONE", "a.example"))
	refused("what the file named before, otherwise", strings.Replace(reading("ONE", "a.example"), "m:", "o:", 1))
}

// TestAFaultyFileStillBounds holds that a push is bound by the file that was good last, over a
// restart, too.
func TestAFaultyFileStillBounds(t *testing.T) {
	path, folder := policyFile(t, reading("ONE", "a.example")), t.TempDir()
	open(t, Options{Path: path, History: history(t, folder)})
	write(t, path, bad)
	s := open(t, Options{Path: path, History: history(t, folder)})
	other := strings.Replace(reading("ONE", "a.example"), "m:", "n:", 1)
	if _, err := s.Push(push(other, "")); err != nil {
		t.Errorf("what the good file read: %v", err)
	}
	if _, err := s.Push(push(reading("TWO", "a.example"), "")); err == nil {
		t.Error("another variable is read")
	}
}

// TestWithoutAFileGrantsAlone holds so, and that what the history holds stays in effect.
func TestWithoutAFileGrantsAlone(t *testing.T) {
	path, folder := policyFile(t, reading("ONE", "a.example")), t.TempDir()
	open(t, Options{Path: path, History: history(t, folder)})
	must(t, os.Remove(path))
	s := open(t, Options{History: history(t, folder)})
	if _, err := s.Push(push(strings.Replace(reading("ONE", "a.example"), "m:", "n:", 1), "")); err == nil {
		t.Error("what another start's file read is read")
	}
	if _, err := s.Push(push(text(2), "")); err != nil {
		t.Errorf("a policy that reads nothing: %v", err)
	}
}
