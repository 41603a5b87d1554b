package stateid

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/quick"
)

var (
	key   = KeyOf("a secret")
	bound = Bound{Backend: "gpt", Model: "assistant", Owner: "ci"}
)

// TestWhatIsGivenVerifies holds that any id that was given verifies, for what it is bound to, and
// that the provider's own id is found in it again.
func TestWhatIsGivenVerifies(t *testing.T) {
	given := func(id []byte, secret, backend, model, owner string) bool {
		k, b := KeyOf(secret), Bound{backend, model, owner}
		id = append(id, 'x') // is never empty
		out := k.Append(nil, id, b)
		whole, ok := Split(out)
		return ok && k.Verify(whole, b) && bytes.Equal(whole.Provider, id) && bytes.Equal(Strip(out), id) &&
			len(out) == len(id)+SuffixLen && whole.Backend == TagOf(backend) && whole.Model == TagOf(model)
	}
	if err := quick.Check(given, nil); err != nil {
		t.Error(err)
	}
}

// TestNothingElseVerifies holds that an id is no good with any part changed: of itself, of what
// it is bound to, or the key.
func TestNothingElseVerifies(t *testing.T) {
	given := key.Append(nil, []byte("resp_0123"), bound)
	for i := range given {
		for bit := range 8 {
			damaged := bytes.Clone(given)
			damaged[i] ^= 1 << bit
			if id, ok := Split(damaged); ok && key.Verify(id, bound) {
				t.Errorf("verifies with bit %d of byte %d changed: %q", bit, i, damaged)
			}
		}
		if id, ok := Split(given[:i]); ok && key.Verify(id, bound) {
			t.Errorf("verifies when cut after %d bytes", i)
		}
		if id, ok := Split(given[i:]); i > 0 && ok && key.Verify(id, bound) {
			t.Errorf("verifies without its first %d bytes", i)
		}
	}
	id, _ := Split(given)
	for _, other := range []Bound{
		{"gpt2", "assistant", "ci"}, {"gpt", "other", "ci"}, {"gpt", "assistant", "web"}, {"gpt", "assistant", ""}, {},
		{"gpta", "ssistant", "ci"}, {"gpt", "assistantc", "i"}, {"gpt", "assistant", "cir"},
	} {
		if key.Verify(id, other) {
			t.Errorf("verifies for %+v", other)
		}
	}
	if KeyOf("another secret").Verify(id, bound) {
		t.Error("verifies with another key")
	}
}

// TestLengthsAreAuthenticated holds that the same bytes, split otherwise among the texts, are
// another id.
func TestLengthsAreAuthenticated(t *testing.T) {
	apart := func(a, b, c, d string) bool {
		whole := Bound{a + b, c, d}
		moved := Bound{a, b + c, d}
		return b == "" || key.mac([]byte("id"), whole) != key.mac([]byte("id"), moved)
	}
	if err := quick.Check(apart, nil); err != nil {
		t.Error(err)
	}
}

// TestAnIDIsPlain holds that a suffix needs no escaping, in JSON or in a path.
func TestAnIDIsPlain(t *testing.T) {
	plain := regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	for i := range 500 {
		out := key.Append(nil, []byte("resp_1"), Bound{Owner: fmt.Sprint(i)})
		if !plain.Match(out) {
			t.Fatalf("%q", out)
		}
	}
}

// TestSuffixes holds which texts have one: the last counts, so that gateways may stand in a row.
func TestSuffixes(t *testing.T) {
	once := key.Append(nil, []byte("resp_1"), bound)
	twice := key.Append(nil, once, bound)
	if id, ok := Split(twice); !ok || !bytes.Equal(id.Provider, once) {
		t.Errorf("of two suffixes %q is left", id.Provider)
	}
	for _, text := range []string{"", "resp_1", "_hg", string(once[len("resp_1"):]), "x" + mark + strings.Repeat("\n", rawSize/3*4), "x" + mark + strings.Repeat("=", rawSize/3*4), "x_hh" + strings.Repeat("A", rawSize/3*4)} {
		if _, ok := Split([]byte(text)); ok || string(Strip([]byte(text))) != text {
			t.Errorf("%q has a suffix", text)
		}
	}
}

// TestAKeyDoesNotPrint holds that no form of printing shows a key.
func TestAKeyDoesNotPrint(t *testing.T) {
	shown := fmt.Sprintf("%v %+v %#v", key, key, key)
	if strings.Contains(shown, fmt.Sprint(key.secret[:4])) || strings.Contains(shown, fmt.Sprintf("%#v", key.secret[:4])) {
		t.Error("the key is shown")
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(key.Append(nil, []byte("resp_1"), bound))
	f.Add([]byte("resp_1_hgAAAA"))
	f.Fuzz(func(t *testing.T, text []byte) {
		id, ok := Split(text)
		if !ok {
			return
		}
		if len(id.Provider)+SuffixLen != len(text) || !bytes.HasPrefix(text, id.Provider) {
			t.Errorf("%q splits into %q", text, id.Provider)
		}
		if key.Verify(id, bound) && !bytes.Equal(key.Append(nil, id.Provider, bound), text) {
			t.Errorf("%q verifies, and is not what is given", text)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	id, dst := []byte("resp_0123456789abcdef0123456789abcdef0123456789abcdef"), make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		dst = key.Append(dst[:0], id, bound)
	}
}
