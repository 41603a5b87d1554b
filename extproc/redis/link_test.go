package redis_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/redis"
	"github.com/headgate/headgate/policy"
)

// TestFollow holds that a link goes where a file says, that what cannot be used is said once, and
// that nobody is shown a password.
func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "url")
	put := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("redis://127.0.0.1:1\n")
	l, err := redis.NewLink(policy.Credential{File: path}, false, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	first := l.Client()
	if err := l.Follow(); err != nil || l.Client() != first {
		t.Errorf("it went elsewhere: %v", err)
	}
	for _, text := range []string{"hunter2://a", "hunter2://b"} {
		put(text)
		if err := l.Follow(); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "hunter2") {
			t.Error(err)
		}
		if err := l.Follow(); err != nil || l.Client() != first {
			t.Errorf("it went elsewhere, or is said again: %v", err)
		}
	}
	put("")
	if err := l.Follow(); err != nil || l.Client() != first {
		t.Errorf("an empty file: %v", err)
	}
	put("redis://127.0.0.1:2")
	if err := l.Follow(); err != nil || l.Client() == first {
		t.Errorf("it did not follow: %v", err)
	}
}
