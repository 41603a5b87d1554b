package cache

import (
	"context"
	"time"

	"github.com/headgate/headgate/extproc/embed"
	"github.com/headgate/headgate/extproc/embed/remote"
	"github.com/headgate/headgate/extproc/exchange"
)

// margin is what a call has beside its own time.
const margin = 100 * time.Millisecond

// vectorOf makes the vector of a question of an exchange.
func (s *stage) vectorOf(ctx context.Context, req *exchange.Request, id, question string) ([]float32, error) {
	began := time.Now()
	defer func() { s.kind.metrics.embedded.Observe(time.Since(began).Seconds()) }()
	var e embed.Embedder = s.embedder
	if model, ok := e.(*remote.Embedder); ok {
		var err error
		if ctx, err = req.More(ctx, s.set.Cache.Embedder.Timeout+margin); err != nil {
			return nil, err
		}
		e = model.For(id)
	}
	return e.Embed(ctx, nil, question)
}
