package index_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/cache/index"
	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy/cachepb"
)

// rig is an index, with a clock that stands until it is moved.
type rig struct {
	*testing.T
	*index.Index
	reg *prometheus.Registry
	now time.Time
}

func newRig(t *testing.T, maxBytes int64) *rig {
	r := &rig{T: t, reg: prometheus.NewRegistry(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	r.Index = index.New(maxBytes, func() time.Time { return r.now }, r.reg)
	return r
}

// entry is one that is stored now and kept for an hour.
func (r *rig) entry(key, space string, vector []float32) *cachepb.Entry {
	return &cachepb.Entry{
		Id: "id-" + key, Key: hash(key), Space: hash(space), Embedder: "e", Vector: vector,
		Stored: r.now.UnixNano(), Expires: r.now.Add(time.Hour).UnixNano(),
	}
}

// ids are those of the k nearest.
func (r *rig) ids(space string, vector []float32, k int) (ids []string) {
	for _, f := range r.Nearest(store.Space(hash(space)), "e", vector, k, nil) {
		ids = append(ids, f.ID)
	}
	return ids
}

func (r *rig) value(name string) (sum float64) {
	r.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			label := ""
			for _, l := range m.GetLabel() {
				label = "/" + l.GetValue()
			}
			if f.GetName()+label == "headgate_cache_index_"+name {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// random is a vector of length 1.
func random(r *rand.Rand, length int) []float32 {
	v := make([]float32, length)
	var square float64
	for i := range v {
		v[i] = float32(r.NormFloat64())
		square += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(square))
	}
	return v
}

// axis is a vector of length 1 in one direction of 16.
func axis(i int) []float32 {
	v := make([]float32, 16)
	v[i] = 1
	return v
}

// fill makes entries of so many spaces, each with so many.
func fill(add func(*cachepb.Entry), now time.Time, spaces, each, length int) {
	r := rand.New(rand.NewPCG(1, 2))
	for s := range spaces {
		space := hash(fmt.Sprint("space", s))
		for i := range each {
			add(&cachepb.Entry{
				Id: fmt.Sprintf("01JZZZZZZZZZ%07d%07d", s, i), Key: hash(fmt.Sprint(s, "/", i)), Space: space, Embedder: "static-1", Vector: random(r, length),
				Stored: now.UnixNano(), Expires: now.Add(time.Hour).UnixNano(), Model: "m", Caller: "c",
			})
		}
	}
}
