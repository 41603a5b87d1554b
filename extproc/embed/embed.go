// Package embed turns texts into vectors, so that the meanings of two texts can be compared by
// the cosine of theirs.
//
// The promise: one interface for tables in the process and for models that are asked, and unit
// vectors alone. The trap: vectors of two embedders must never meet. Whoever keeps one keeps the
// embedder's ID beside it.
package embed

import (
	"context"
	"errors"
)

// Embedder makes vectors. It is safe for concurrent use.
type Embedder interface {
	// ID names what makes the vectors, such as "static-1" or "openai/text-embedding-3-small".
	// Vectors of different IDs cannot be compared. It does not change.
	ID() string
	// Embed appends the vector of a text, of length 1, to dst. ErrNoVector: the text has nothing
	// that the embedder knows. Other errors say why it could not be made; they never show the text.
	Embed(ctx context.Context, dst []float32, text string) ([]float32, error)
}

// ErrNoVector says that a text has no vector, because it is empty or has no word that is known.
var ErrNoVector = errors.New("the text has no vector")
