//go:build !race

package index_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/cache/index"
	"github.com/headgate/headgate/extproc/cache/store"
)

func TestNearestAllocatesNothing(t *testing.T) {
	x := newIndex(1 << 30)
	fill(x.Add, time.Now(), 1, 1000, 128)
	q, in, dst := random(rand.New(rand.NewPCG(3, 4)), 128), store.Space(hash("space0")), make([]index.Found, 0, 4)
	if n := testing.AllocsPerRun(100, func() { dst = x.Nearest(in, "static-1", q, 4, dst[:0]) }); n != 0 || len(dst) != 4 {
		t.Errorf("%v allocations, %d found", n, len(dst))
	}
}
