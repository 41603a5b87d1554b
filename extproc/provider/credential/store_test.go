package credential

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// longest is how long a secret may be, in bytes: what an HTTP header holds.
const longest = 16 << 10

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// set makes a policy with backend "b" that has these credentials.
func set(without policy.WithoutCredential, refs ...policy.Credential) *policy.Set {
	b := &policy.Backend{Name: "b", Access: policy.Access{Credentials: refs}, WithoutCredential: without}
	return &policy.Set{Backends: map[string]*policy.Backend{"b": b}}
}

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// put replaces a file as deployments do: by a new inode.
func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestNew(t *testing.T) {
	folder := t.TempDir()
	at := func(name, text string) policy.Credential {
		path := filepath.Join(folder, name)
		put(t, path, text, 0o600)
		return policy.Credential{File: path}
	}
	a, b := policy.Credential{Env: "A"}, policy.Credential{Env: "B"}
	none := policy.Credential{File: filepath.Join(folder, "none")}
	fail, simulate := policy.WithoutFail, policy.WithoutSimulate
	tests := []struct {
		name    string
		set     *policy.Set
		env     func(string) (string, bool)
		want    []string
		missing bool
		err     string
	}{
		{"from the environment", set(fail, a), env("A", "key-a"), []string{"key-a"}, false, ""},
		{"two in order", set(fail, a, b), env("A", "key-a", "B", "key-b"), []string{"key-a", "key-b"}, false, ""},
		{"a file without its line end", set(fail, at("lf", "key\n")), env(), []string{"key"}, false, ""},
		{"a file with a Windows line end", set(fail, at("crlf", "key\r\n")), env(), []string{"key"}, false, ""},
		{"none wanted", set(fail), env(), []string{}, false, ""},
		{"variable missing", set(fail, a), env(), nil, false, `backend "b": environment variable A: credential is not set`},
		{"variable empty", set(fail, a), env("A", ""), nil, false, `environment variable A: credential is not set`},
		{"variable blank", set(fail, a), env("A", " \n"), nil, false, `environment variable A: credential is not set`},
		{"file missing", set(fail, none), env(), nil, false, `backend "b": file ` + none.File + `: credential is not set`},
		{"file empty", set(fail, at("empty", "\n")), env(), nil, false, `/empty: credential is not set`},
		{"a folder", set(fail, policy.Credential{File: folder}), env(), nil, false, `not a regular file`},
		{"one of two missing", set(fail, a, b), env("A", "key-a"), nil, false, `environment variable B: credential is not set`},
		{"several lines", set(fail, at("lines", "hunter2\nhunter2\n")), env(), nil, false, `/lines: credential holds blanks, line ends`},
		{"a header cannot carry it", set(fail, a), env("A", "hunter2\r\nx: y"), nil, false, `variable A: credential holds blanks, line ends`},
		{"too long", set(fail, at("long", strings.Repeat("x", longest+1))), env(), nil, false, `/long: credential is longer than 16384 bytes`},
		{"as long as allowed", set(fail, at("longest", strings.Repeat("x", longest)+"\r\n")), env(), []string{strings.Repeat("x", longest)}, false, ""},
		{"missing, to be simulated", set(simulate, a), env(), []string{}, true, ""},
		{"file missing, to be simulated", set(simulate, none), env(), []string{}, true, ""},
		{"one of two will do where simulation is allowed", set(simulate, a, b), env("B", "key-b"), []string{"key-b"}, false, ""},
		{"unusable is not missing", set(simulate, a), env("A", "hunter2 x"), nil, false, `variable A: credential holds blanks`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := New(tt.set, tt.env, newClock().Now)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "hunter2") {
					t.Fatalf("error %v, want %q without the secret", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, reveal(s.Secrets("b"))); diff != "" {
				t.Errorf("secrets differ (-want +got):\n%s", diff)
			}
			if got := s.Missing(tt.set.Backends["b"]); got != tt.missing {
				t.Errorf("Missing returned %v, want %v", got, tt.missing)
			}
		})
	}
}

func reveal(all []secret.Secret) []string {
	texts := []string{}
	for _, s := range all {
		texts = append(texts, s.Reveal())
	}
	return texts
}

func TestNewNamesEveryFault(t *testing.T) {
	_, err := New(set(policy.WithoutFail, policy.Credential{Env: "A"}, policy.Credential{Env: "B"}), env(), newClock().Now)
	want := "backend \"b\": environment variable A: credential is not set: it is missing or empty\n" +
		"backend \"b\": environment variable B: credential is not set: it is missing or empty"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func pick(t *testing.T, s *Store, want string, index int) {
	t.Helper()
	if secret, i := s.Pick("b"); secret.Reveal() != want || i != index {
		t.Fatalf("Pick returned %s, %d; want %s, %d", secret.Reveal(), i, want, index)
	}
}

func TestRotation(t *testing.T) {
	c := newClock()
	s, err := New(set(policy.WithoutFail, policy.Credential{Env: "A"}, policy.Credential{Env: "B"}), env("A", "first", "B", "second"), c.Now)
	if err != nil {
		t.Fatal(err)
	}
	pick(t, s, "first", 0)
	s.Reject("b", 1)
	pick(t, s, "first", 0)
	c.Add(time.Second)
	s.Reject("b", 0) // both: the second's rejection is older
	pick(t, s, "second", 1)
	c.Add(time.Second)
	s.Reject("b", 1)
	pick(t, s, "first", 0)
	c.Add(CoolDown - time.Second) // over for the first only
	pick(t, s, "first", 0)
	s.Reject("b", 0)
	pick(t, s, "second", 1)
	c.Add(CoolDown - 1)
	pick(t, s, "second", 1)
	c.Add(1)
	pick(t, s, "first", 0)
	s.Reject("b", 7)
	s.Reject("b", -1)
	s.Reject("nobody", 0)
	pick(t, s, "first", 0)
}

func TestPickWithoutCredentials(t *testing.T) {
	s, err := New(set(policy.WithoutFail), env(), newClock().Now)
	if err != nil {
		t.Fatal(err)
	}
	pick(t, s, "", -1)
	if secret, i := s.Pick("nobody"); secret.Reveal() != "" || i != -1 {
		t.Errorf("a backend that does not exist has secret %d", i)
	}
}

func TestOnlyCredentialIsUsedAlthoughRejected(t *testing.T) {
	s, err := New(set(policy.WithoutFail, policy.Credential{Env: "A"}), env("A", "only"), newClock().Now)
	if err != nil {
		t.Fatal(err)
	}
	s.Reject("b", 0)
	pick(t, s, "only", 0)
}

func TestPickDoesNotAllocate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	put(t, path, "one", 0o600)
	s, err := New(set(policy.WithoutFail, policy.Credential{File: path}, policy.Credential{Env: "A"}), env("A", "a"), newClock().Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, rejected := range []int{-1, 0} {
		s.Reject("b", rejected)
		if n := testing.AllocsPerRun(100, func() {
			secret, _ := s.Pick("b")
			_ = secret.Reveal()
		}); n != 0 {
			t.Errorf("Pick allocates %v times with %d rejected", n, rejected)
		}
	}
}

// TestConcurrentPick is for the race detector: files change while exchanges ask.
func TestConcurrentPick(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	put(t, path, "one", 0o600)
	c := newClock()
	s, err := New(set(policy.WithoutFail, policy.Credential{File: path}, policy.Credential{Env: "A"}), env("A", "a"), c.Now)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				picked, i := s.Pick("b")
				if got := picked.Reveal(); i == 0 && got != "one" && got != "two" || i == 1 && got != "a" || i < 0 {
					t.Errorf("Pick returned %q, %d", got, i)
				}
				s.Reject("b", i)
				c.Add(secret.CheckEvery / 10)
			}
		})
	}
	put(t, path, "two", 0o600)
	wg.Wait()
	c.Add(2 * CoolDown)
	pick(t, s, "two", 0)
}
