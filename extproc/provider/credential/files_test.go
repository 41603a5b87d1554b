package credential

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

func TestFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	put(t, path, "one\n", 0o600)
	c := newClock()
	s, err := New(set(policy.WithoutFail, policy.Credential{File: path}, policy.Credential{Env: "A"}), env("A", "other"), c.Now)
	if err != nil {
		t.Fatal(err)
	}
	put(t, path, "two\n", 0o600)
	pick(t, s, "one", 0) // not before a second is over
	c.Add(secret.CheckEvery - 1)
	pick(t, s, "one", 0)
	c.Add(1)
	pick(t, s, "two", 0)

	s.Reject("b", 0)
	pick(t, s, "other", 1)
	put(t, path, "three", 0o600)
	c.Add(secret.CheckEvery)
	pick(t, s, "three", 0) // a new secret has not been rejected

	for _, broken := range []struct{ text, warning string }{
		{"\n", "credential is not set"},
		{"hunter2 hunter2", "cannot carry"},
	} {
		put(t, path, broken.text, 0o600)
		c.Add(secret.CheckEvery)
		pick(t, s, "three", 0)
		warned(t, s, "kept the former secret", broken.warning)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c.Add(secret.CheckEvery)
	pick(t, s, "three", 0)
	warned(t, s, "kept the former secret", "does not exist")

	put(t, path, "four", 0o600)
	c.Add(secret.CheckEvery)
	pick(t, s, "four", 0)
	if got := s.Warnings(); len(got) != 0 {
		t.Errorf("warnings remain: %q", got)
	}
}

func warned(t *testing.T, s *Store, parts ...string) {
	t.Helper()
	got := s.Warnings()
	if len(got) != 1 {
		t.Fatalf("%d warnings, want one: %q", len(got), got)
	}
	for _, part := range parts {
		if !strings.Contains(got[0], part) || strings.Contains(got[0], "hunter2") {
			t.Fatalf("warning %q, want %q without the secret", got[0], part)
		}
	}
}

func TestFileChangedInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	put(t, path, "one", 0o600)
	stamp := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, stamp, stamp); err != nil {
		t.Fatal(err)
	}
	c := newClock()
	s, err := New(set(policy.WithoutFail, policy.Credential{File: path}), env(), c.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("two"), 0o600); err != nil { // same inode and size
		t.Fatal(err)
	}
	c.Add(secret.CheckEvery)
	pick(t, s, "two", 0)
}

func TestFileOpenToEveryone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	put(t, path, "one", 0o600)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	c := newClock()
	s, err := New(set(policy.WithoutFail, policy.Credential{File: path}), env(), c.Now)
	if err != nil {
		t.Fatal(err)
	}
	warned(t, s, `backend "b": file `+path, "open to every user")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Add(secret.CheckEvery)
	if got := s.Warnings(); len(got) != 0 {
		t.Errorf("warned although it is closed: %q", got)
	}
}
