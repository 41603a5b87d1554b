//go:build !race

package pii

import (
	"testing"

	"github.com/headgate/headgate/extproc/guard/content"
)

func TestAScanAllocatesNothing(t *testing.T) {
	sc, text, dst := scanner(t), prose(4500), make([]content.Finding, 0, 64)
	if n := testing.AllocsPerRun(100, func() { sc.Hold(text); dst = sc.Scan(dst[:0], text) }); n > 0 {
		t.Errorf("a scan allocates %v times", n)
	}
	if len(dst) == 0 {
		t.Error("nothing was found")
	}
}
