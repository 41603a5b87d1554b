package caller_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/caller"
	"github.com/headgate/headgate/extproc/exchange"
)

// TestKeysThatAreNotSet holds that a policy is refused of which a key is not there, with each.
func TestKeysThatAreNotSet(t *testing.T) {
	folder := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	set := parse(t, document(`
callers:
  a: {key: {env: A}}
  b: {key: {file: `+put("short", "fifteen letters\n")+`}}
  c: {key: {file: `+filepath.Join(folder, "none")+`}}
  d: {key: {file: `+put("one", ciKey+"\n")+`}}
  e: {key: {sha256: `+hash(ciKey)+`}}
`))
	_, err := options(nil, time.Now).Compile(set)
	if err == nil {
		t.Fatal("the policy is taken")
	}
	for _, want := range []string{`caller "a": environment variable A`, `caller "b": file ` + filepath.Join(folder, "short"), `caller "c": file ` + filepath.Join(folder, "none"), "not set", "15 characters: 16", `caller "e": has the same key as caller "d"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "fifteen") || strings.Contains(err.Error(), ciKey) {
		t.Errorf("the error shows a key: %v", err)
	}
}

// TestFilesOfKeysAreReadAgain holds that a key in a file may be exchanged while the gateway
// runs, and what happens if that goes wrong.
func TestFilesOfKeysAreReadAgain(t *testing.T) {
	folder := t.TempDir()
	put := func(name, text string) {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	const one, two, three = "the-first-key-123", "the-second-key-12", "the-third-key-123"
	put("a", one+"\n")
	put("b", two)
	now := time.Now()
	var warned []string
	k := caller.NewKind(caller.Options{LookupEnv: environment(), Warn: func(w string) { warned = append(warned, w) }, Now: func() time.Time { return now }})
	s, err := k.Compile(parse(t, document("callers: {a: {key: {file: "+folder+"/a}}, b: {key: {file: "+folder+"/b}}}\n")))
	if err != nil {
		t.Fatal(err)
	}
	is := func(what, key, want string) {
		t.Helper()
		v, verdict := ask(t, s, "x-api-key", key)
		if got := v.Exchange.Caller.Name; got != want || (verdict.Action == exchange.Deny) != (want == "") {
			t.Errorf("%s: %s is the key of %q, want %q", what, key, got, want)
		}
	}
	warns := func(words ...string) {
		t.Helper()
		got := warned
		warned = nil
		if len(got) != min(len(words), 1) || !slices.ContainsFunc(append(got, ""), func(w string) bool {
			return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(w, word) })
		}) {
			t.Errorf("warned of %q, want %q", got, words)
		}
	}
	put("a", three)
	is("at once", three, "")
	is("at once", one, "a")
	now = now.Add(time.Second)
	is("after a second", three, "a")
	is("after a second", one, "")
	warns()

	put("b", three)
	now = now.Add(time.Second)
	is("two have one key", three, "a")
	is("two have one key", two, "b")
	now = now.Add(time.Second)
	is("still", two, "b")
	warns(`caller "b": has the same key as caller "a"`)
	put("a", one)
	now = now.Add(time.Second)
	is("not any more", three, "b")
	is("not any more", one, "a")

	if err := os.Remove(filepath.Join(folder, "a")); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	is("a file that is gone", one, "a")
	warns(`caller "a": kept the former secret`, "does not exist")
	put("a", "short")
	now = now.Add(time.Second)
	is("a key that is too short", one, "a")
	is("a key that is too short", "short", "")
	warns("16 are needed")
	put("a", two)
	now = now.Add(time.Second)
	is("good again", two, "a")
	warns()
}
