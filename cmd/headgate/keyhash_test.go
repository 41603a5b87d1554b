package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/policy"
)

// hashing runs headgate key hash.
func hashing(t *testing.T, in string, args ...string) printed {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetIn(strings.NewReader(in))
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append([]string{"key", "hash"}, args...))
	code := execute(t.Context(), root)
	return printed{code, out.String(), errs.String()}
}

// TestAKeyIsHashedAsThePolicyHasIt holds that blanks around a key do not count, as they do not
// in a file or a variable of the policy.
func TestAKeyIsHashedAsThePolicyHasIt(t *testing.T) {
	const key = "hg_0123456789abcdef"
	sum := sha256.Sum256([]byte(key))
	want := hex.EncodeToString(sum[:])
	for _, in := range []string{key, key + "\n", " " + key + "\r\n"} {
		if got := hashing(t, in); got != (printed{0, want + "\n", ""}) {
			t.Errorf("%q: %+v", in, got)
		}
	}
	if got := hashing(t, key, "-o", "json"); got.code != 0 || !strings.Contains(got.out, want) || strings.Contains(got.out, key) {
		t.Errorf("as JSON: %+v", got)
	}
}

// TestANewKeyGoesIntoAPolicy holds that what is printed can be used.
func TestANewKeyGoesIntoAPolicy(t *testing.T) {
	var first, second hashed
	for _, into := range []*hashed{&first, &second} {
		if err := json.Unmarshal([]byte(hashing(t, "", "--new", "-o", "json").out), into); err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256([]byte(first.Key))
	if first == second || !regexp.MustCompile(`^hg_[a-z2-7]{26}$`).MatchString(first.Key) || first.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("the keys are %+v and %+v", first, second)
	}
	text := hashing(t, "", "--new").out
	_, line, _ := strings.Cut(text, "In the policy: ")
	line, _, _ = strings.Cut(line, ". ")
	if _, err := policy.Parse("policy.yaml", []byte("version: 1\n"+strings.Replace(line, "NAME", "ci", 1)+"\n")); err != nil || !strings.HasPrefix(text, "key     hg_") {
		t.Errorf("%s: %v", text, err)
	}
}

// TestAKeyThatCannotBeOneIsRefused holds so, and that it is not printed.
func TestAKeyThatCannotBeOneIsRefused(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "has 0 characters: 16 are needed at least",
		"short\n":                      "has 5 characters",
		strings.Repeat("x", 5000):      "at most 4096",
		"0123456789abcdef\n0123456789": "one word",
		"0123456789abcdefü":            "one word",
	} {
		if got := hashing(t, in); got.code != exitUsage || got.out != "" || !strings.Contains(got.err, want) || len(in) > 5 && strings.Contains(got.err, strings.TrimSpace(in)) {
			t.Errorf("%.20q: %+v", in, got)
		}
	}
	if got := hashing(t, "", "--new", "-o", "yaml"); got.code != exitUsage {
		t.Errorf("an unknown output: %+v", got)
	}
}
