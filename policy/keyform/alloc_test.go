//go:build !race

package keyform

import "testing"

// TestAHashAllocatesOnce holds so. The race detector empties pools at random.
func TestAHashAllocatesOnce(t *testing.T) {
	h, key := NewHasher(NewPepper()), []byte(New(NewID()))
	if n := testing.AllocsPerRun(100, func() { h.Hash(key) }); n > 1 {
		t.Errorf("a hash allocates %v times", n)
	}
}
