package source

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// quoted is a policy as earlier versions of Headgate accepted it, and this one does not: a
// number in quotes, a price of a wildcard.
const quoted = "version: 1\nunpriced: flag\nbackends: {sim: {provider: simulated}}\nmodels: {gpt-*: {chain: [sim/x], retries: \"1\"}}\nprices: {x-*: {input: 1, output: 2}}\n"

// TestHistoryOfAnEarlierVersion holds that what an earlier version accepted stays in effect
// and can be gone back to, although a push of it is refused.
func TestHistoryOfAnEarlierVersion(t *testing.T) {
	folder := t.TempDir()
	path := policyFile(t, text(1))
	s := open(t, Options{Path: path, History: history(t, folder)})
	change(t, s, path, "push 2")
	accepted(t, folder, text(2), quoted)

	s = open(t, Options{Path: path, History: history(t, folder)})
	inEffectIs := func(want bool) {
		t.Helper()
		if m := s.Latest().Models["gpt-*"]; (m != nil) != want || want && m.Retries != 1 {
			t.Errorf("in effect are models %v", s.Latest().Models)
		}
	}
	inEffectIs(true)
	was := s.Latest().Revision
	change(t, s, path, "push 3")
	inEffectIs(false)
	if _, err := s.Push(push(quoted, "")); err == nil || !strings.Contains(err.Error(), "write it without quotes: 1") || !strings.Contains(err.Error(), "is a wildcard") {
		t.Errorf("a push of it: %v", err)
	}
	_, err := s.Rollback(was, Proposal{Author: "bob", Reason: "test"})
	must(t, err)
	inEffectIs(true)
}

// accepted makes the files of a history hold another text than was pushed.
func accepted(t *testing.T, folder, before, after string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	must(t, err)
	code := base64.StdEncoding.EncodeToString
	for _, path := range paths {
		data, err := os.ReadFile(path)
		must(t, err)
		write(t, path, strings.ReplaceAll(withoutSum(string(data)), code([]byte(before)), code([]byte(after))))
	}
}
