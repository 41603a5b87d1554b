// Package eval measures a semantic cache by pairs of questions of which it is known whether the
// answer of one serves the other.
//
// The promise: precision and hit rate are of one threshold and one set of rules, and are always
// given together; a report has no text. The trap: both depend on how many of the pairs are the
// same, which is another share in every traffic, and on labels, which are noisy where the cosine
// is high. So read hits before you trust a precision.
package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/headgate/headgate/extproc/cache/verify"
	"github.com/headgate/headgate/extproc/embed"
)

// Pair is two questions.
type Pair struct {
	A, B   string
	Same   bool   // the answer of one serves the other
	Source string // where it is from
}

// Judged is a pair, and what an embedder and the rules make of it.
type Judged struct {
	*Pair
	Cosine float64
	Vector bool          // both questions have one; else they never hit
	Rules  []verify.Rule // by which they differ, those of strict included
}

// Judge embeds and compares the questions of pairs, one by one. It ends early with the context, and
// with the first question that the embedder has an error for.
func Judge(ctx context.Context, pairs []Pair, e embed.Embedder) ([]Judged, error) {
	all := make([]Judged, len(pairs))
	var a, b []float32
	for i := range pairs {
		p := &pairs[i]
		j := &all[i]
		j.Pair, j.Rules = p, verify.Compare(p.A, p.B, true)
		var err error
		if a, err = e.Embed(ctx, a[:0], p.A); err == nil {
			b, err = e.Embed(ctx, b[:0], p.B)
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, embed.ErrNoVector):
			continue
		case err != nil:
			return nil, fmt.Errorf("pair %d: %w", i+1, err)
		}
		j.Vector, j.Cosine = true, cosine(a, b)
	}
	return all, nil
}

// cosine is that of unit vectors.
func cosine(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// Verifying says which rules a hit must pass.
type Verifying string

// The values of Verifying.
const (
	NoRules Verifying = "none"
	Basic   Verifying = "basic"
	Strict  Verifying = "strict"
)

// Verifyings are all of them.
var Verifyings = []Verifying{NoRules, Basic, Strict}

// hits reports whether a pair is served at a threshold.
func (j *Judged) hits(threshold float64, v Verifying) bool {
	return j.Vector && j.Cosine >= threshold && !refused(j.Rules, v)
}

// refused reports whether rules refuse a pair.
func refused(by []verify.Rule, v Verifying) bool {
	switch v {
	case NoRules:
		return false
	case Basic:
		return slices.ContainsFunc(by, func(r verify.Rule) bool { return r != verify.QuestionWord && r != verify.Replaced })
	case Strict:
		return len(by) > 0
	}
	return true
}

// thresholds are those that are measured beside the one that is chosen.
func thresholds(chosen float64) []float64 {
	var all []float64
	for i := 80; i < 100; i++ {
		all = append(all, float64(i)/100)
	}
	if !slices.ContainsFunc(all, func(t float64) bool { return math.Abs(t-chosen) < 1e-9 }) {
		all = append(all, chosen)
		slices.Sort(all)
	}
	return all
}
