//go:build !race

package keyring

import (
	"testing"
	"time"
)

// TestFindAllocatesOnce holds the cost of a question: the hash. The race detector empties pools at
// random.
func TestFindAllocatesOnce(t *testing.T) {
	m, texts := made("ci", time.Time{})
	r := newRing()
	r.Take(whole(1, m))
	text := []byte(texts[0])
	if n := testing.AllocsPerRun(100, func() { r.Find(text, noon) }); n > 1 {
		t.Errorf("a question allocates %v times", n)
	}
}
