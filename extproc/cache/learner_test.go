package cache

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zaptest"

	"github.com/headgate/headgate/extproc/cache/index"
	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/embed"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/cachepb"
)

// axis is an embedder that knows a few questions: each has an axis of its own.
type axis struct {
	id        string
	questions []string
}

func (a axis) ID() string { return a.id }

func (a axis) Embed(_ context.Context, dst []float32, text string) ([]float32, error) {
	i := slices.Index(a.questions, text)
	if i < 0 {
		return dst, embed.ErrNoVector
	}
	dst = append(dst, make([]float32, len(a.questions))...)
	dst[i] = 1
	return dst, nil
}

// TestAnotherEmbedderMakesVectorsAnew holds that after a change of the embedder the entries that are
// there are found by its vectors, and by those of the one before no more.
func TestAnotherEmbedderMakesVectorsAnew(t *testing.T) {
	set, err := policy.Parse("policy.yaml", []byte("version: 1\nbackends: {b: {provider: simulated}}\nunpriced: flag\nmodels: {m: {chain: [b/x], cache: {semantic: {}}}}"))
	if err != nil {
		t.Fatal(err)
	}
	k := NewKind(Options{Table: axis{"one", []string{"why", "how"}}, Now: time.Now, Log: zaptest.NewLogger(t), Reg: prometheus.NewRegistry()})
	defer func() { _ = k.Close(t.Context()) }()
	compiled(t, k, set).Adopt()
	_, handle := k.learner.now()
	space := store.Space{1}
	put := func(number byte, question, embedder string, vector ...float32) {
		key, now := store.Key{number}, time.Now()
		handle.Put(&cachepb.Entry{Id: question, Key: key[:], Space: space[:], Stored: now.UnixNano(), Expires: now.Add(time.Hour).UnixNano(), Question: question, Embedder: embedder, Vector: vector})
	}
	put(1, "why", "one", 1, 0)
	put(2, "how", "one", 0, 1)
	found := func(embedder string, vector ...float32) (ids []string) {
		var room [4]index.Found
		for _, f := range k.index.Nearest(space, embedder, vector, 4, room[:0]) {
			ids = append(ids, f.ID)
		}
		return ids
	}
	if got := found("one", 1, 0); len(got) != 2 || got[0] != "why" {
		t.Fatalf("before: %q", got)
	}
	k.options.Table = axis{"two", []string{"who", "how", "why"}}
	compiled(t, k, set).Adopt()
	put(3, "who", "one", 1, 0) // of a pair that has the policy before
	deadline := time.Now().Add(10 * time.Second)
	for len(found("two", 0, 0, 1)) < 3 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if got := found("two", 0, 0, 1); len(got) != 3 || got[0] != "why" {
		t.Errorf("after: %q", got)
	}
	if got := found("one", 1, 0); len(got) != 0 {
		t.Errorf("by the one before: %q", got)
	}
	if e, err := handle.Get(t.Context(), store.Key{1}); err != nil || e.GetEmbedder() != "two" || !slices.Equal(e.GetVector(), []float32{0, 0, 1}) {
		t.Errorf("the entry is %v, %v", e, err)
	}
}

// TestAPolicyThatIsNotInEffectMakesNoVectors holds that one that was only compiled changes nothing: it
// may be refused.
func TestAPolicyThatIsNotInEffectMakesNoVectors(t *testing.T) {
	set, err := policy.Parse("policy.yaml", []byte("version: 1\nbackends: {b: {provider: simulated}}\nunpriced: flag\nmodels: {m: {chain: [b/x], cache: {semantic: {}}}}"))
	if err != nil {
		t.Fatal(err)
	}
	k := NewKind(Options{Table: axis{id: "one"}, Now: time.Now, Log: zaptest.NewLogger(t), Reg: prometheus.NewRegistry()})
	defer func() { _ = k.Close(t.Context()) }()
	compiled(t, k, set).Adopt()
	k.options.Table = axis{id: "two"}
	compiled(t, k, set)
	if current, _ := k.learner.now(); current == nil || current.ID() != "one" {
		t.Errorf("vectors are made by %v", current)
	}
}

func compiled(t *testing.T, k *Kind, set *policy.Set) *stage {
	t.Helper()
	s, err := k.Compile(set)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*stage)
}
