package cache_test

import (
	"context"
	"testing"

	"github.com/headgate/headgate/extproc/embed"
	"github.com/headgate/headgate/extproc/exchange"
)

// counted counts the texts that an embedder gets.
type counted struct {
	embed.Embedder
	texts int
}

func (c *counted) Embed(ctx context.Context, dst []float32, text string) ([]float32, error) {
	c.texts++
	return c.Embedder.Embed(ctx, dst, text)
}

// TestAnEqualRequestNeedsNoVector holds that no embedder is asked for an answer that is there, and
// that one which is kept in its place is still found by another wording.
func TestAnEqualRequestNeedsNoVector(t *testing.T) {
	table := &counted{}
	r := newRigWith(t, "models: {m: {chain: [b/x], cache: {verify: 1, semantic: {}}}}", func(e embed.Embedder) embed.Embedder {
		table.Embedder = e
		return table
	})
	r.keep(kept)
	if table.texts != 1 {
		t.Errorf("%d vectors for the first answer", table.texts)
	}
	v, _ := r.ask("openai", question(kept))
	r.answered(v, said("Yes, with the receipt."))
	if c := &v.Exchange.Cached; c.Result != exchange.CacheVerified || c.Stored == "" || table.texts != 1 {
		t.Errorf("%d vectors, %+v", table.texts, c)
	}
	if c := r.look(r.asked(reworded)); c.Entry != v.Exchange.Cached.Stored || c.Result != exchange.CacheVerified || table.texts != 2 {
		t.Errorf("%d vectors, %+v", table.texts, c)
	}
}
