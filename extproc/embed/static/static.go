// Package static makes the vector of a text as the sum of a row for each piece of its words, from
// a table in the binary. It costs a few microseconds and no call.
//
// The promise: equal texts have equal vectors, on every machine, and no text is too strange or
// too long to be read. The trap: the vector of a sum does not know in which order words stand,
// and hardly notices a negation or a single word that is replaced. Two texts with near vectors
// are about the same things; whether they say the same is for others to find out.
package static

import (
	"context"
	_ "embed"
	"math"

	"github.com/headgate/headgate/extproc/embed"
)

// Dims is how many numbers a vector has.
const Dims = 128

// builtin is the table that train/train.py makes.
//
//go:embed table.bin
var builtin string

// Embedder is an embed.Embedder that looks words up in a table. It is safe for concurrent use.
type Embedder struct{ table *table }

var _ embed.Embedder = (*Embedder)(nil)

// New reads the table of the binary and checks it, which takes some 10 ms. Share what it returns.
func New() (*Embedder, error) { return read(builtin) }

func read(file string) (*Embedder, error) {
	t, err := readTable(file)
	if err != nil {
		return nil, err
	}
	return &Embedder{t}, nil
}

// ID is "static-" and the beginning of the table's checksum, so that another table has another.
func (e *Embedder) ID() string { return e.table.id }

// Embed implements embed.Embedder. The time it takes grows with the text, some 100 ns a word, and
// only dst is allocated. It never waits, so it does not ask the context.
func (e *Embedder) Embed(_ context.Context, dst []float32, text string) ([]float32, error) {
	var sum [Dims]float32
	words := words{letters: letters{text: text}}
	for words.next() {
		var pieces [maxWord]int32
		n := e.table.pieces.split(&pieces, words.word())
		for _, piece := range pieces[:n] {
			e.table.add(&sum, piece)
		}
	}
	length := lengthOf(&sum)
	if length == 0 {
		return dst, embed.ErrNoVector
	}
	for _, x := range sum {
		dst = append(dst, float32(float64(x)/length))
	}
	return dst, nil
}

func lengthOf(v *[Dims]float32) float64 {
	var squares float64
	for _, x := range v {
		squares += float64(float64(x) * float64(x)) // converted, so that no processor fuses the two steps
	}
	return math.Sqrt(squares)
}
