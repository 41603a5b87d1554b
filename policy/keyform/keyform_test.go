package keyform

import (
	"strings"
	"testing"
)

func TestKeysAreRandomAndHaveOneForm(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		key := New(id)
		if len(id) != IDLength || string(ID([]byte(key))) != id || seen[id] || seen[key] {
			t.Fatalf("%s is the key of %s", key, id)
		}
		seen[id], seen[key] = true, true
		if mask := Mask(id); !strings.HasPrefix(key, strings.TrimRight(mask, "*")) || strings.Contains(mask, key[len(key)-8:]) {
			t.Errorf("%s is shown as %s", key, mask)
		}
	}
	key := New(NewID())
	for _, other := range []string{"", "hg_", key[1:], key[:len(key)-1], key + "a", strings.ToUpper(key), " " + key,
		strings.Replace(key, "_", "-", 1), key[:19] + "-" + key[20:]} {
		if id := ID([]byte(other)); id != nil {
			t.Errorf("%q has the form of a key, with the id %s", other, id)
		}
	}
}

func TestHashesDependOnKeyAndPepper(t *testing.T) {
	pepper := NewPepper()
	a, b := NewHasher(pepper), NewHasher(NewPepper())
	key := []byte(New(NewID()))
	first := a.Hash(key)
	if first != NewHasher(pepper).Hash(key) || first == b.Hash(key) || first == a.Hash(key[1:]) {
		t.Error("a hash is not of key and pepper alone")
	}
}

func BenchmarkHash(b *testing.B) {
	h, key := NewHasher(NewPepper()), []byte(New(NewID()))
	b.ReportAllocs()
	for b.Loop() {
		h.Hash(key)
	}
}
