package cache

import (
	"context"
	"time"
)

// vectorOf makes the vector of a question.
func (s *stage) vectorOf(ctx context.Context, question string) ([]float32, error) {
	began := time.Now()
	defer func() { s.kind.metrics.embedded.Observe(time.Since(began).Seconds()) }()
	return s.embedder.Embed(ctx, nil, question)
}
