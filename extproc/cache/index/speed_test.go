package index_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/cache/index"
	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy/cachepb"
)

func newIndex(maxBytes int64) *index.Index {
	return index.New(maxBytes, time.Now, prometheus.NewRegistry())
}

func BenchmarkNearest(b *testing.B) {
	for _, size := range []struct{ vectors, length int }{{1, 128}, {1000, 128}, {10_000, 128}, {10_000, 1536}, {100_000, 128}} {
		b.Run(fmt.Sprintf("%dx%d", size.vectors, size.length), func(b *testing.B) {
			x := newIndex(1 << 40)
			fill(x.Add, time.Now(), 1, size.vectors, size.length)
			q, in, dst := random(rand.New(rand.NewPCG(3, 4)), size.length), store.Space(hash("space0")), make([]index.Found, 0, 4)
			b.ReportAllocs()
			for b.Loop() {
				dst = x.Nearest(in, "static-1", q, 4, dst[:0])
			}
		})
	}
}

// BenchmarkAdd adds to an index that is full, so that each addition drops a vector, too.
func BenchmarkAdd(b *testing.B) {
	x := newIndex(10_000 * 700)
	now := time.Now()
	var all []*cachepb.Entry
	fill(func(e *cachepb.Entry) { all = append(all, e) }, now, 1, 20_000, 128)
	for _, e := range all {
		x.Add(e)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		x.Add(all[i%len(all)])
		i++
	}
}

// TestBytes holds that the index takes no more memory than it says.
func TestBytes(t *testing.T) {
	for _, size := range []struct{ spaces, each, length int }{{50_000, 1, 128}, {10_000, 5, 128}, {1, 50_000, 128}, {100, 300, 256}, {50_000, 1, 8}} {
		x := newIndex(1 << 40)
		before := heap()
		fill(x.Add, time.Now(), size.spaces, size.each, size.length)
		real := heap() - before
		said := x.Bytes()
		n := int64(size.spaces * size.each)
		t.Logf("%d spaces, %d each, length %d: %d bytes per vector, %d said", size.spaces, size.each, size.length, real/n, said/n)
		if real > said+said/20 || said > real+real/3 {
			t.Errorf("%d spaces, %d each, length %d: %d bytes, said are %d", size.spaces, size.each, size.length, real, said)
		}
		runtime.KeepAlive(x)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
