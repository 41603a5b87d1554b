package cache

import (
	"context"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/cache/verify"
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// Two answers are the same if their texts are, or nearly: their cosine is sameAnswer at least, and no
// rule of essential says that they differ. Of long answers only numbers, dates and units count: a
// negation more in ten sentences says nothing.
const (
	sameAnswer = 0.8
	longAnswer = 400 // bytes
	// maxCompared is how much of an answer is compared, in bytes.
	maxCompared = 16 << 10
)

var (
	essential     = []verify.Rule{verify.Number, verify.Date, verify.Unit, verify.Negation, verify.Antonym, verify.Language}
	essentialLong = []verify.Rule{verify.Number, verify.Date, verify.Unit, verify.Language}
)

// compare compares the answer that would have been given with the one that was.
func (v *visit) compare(fresh *canon.Response) exchange.CacheVerdict {
	a, b := exchange.Clip(textOf(v.hit.answer), maxCompared), exchange.Clip(textOf(fresh), maxCompared)
	if a == b {
		return exchange.CacheSame
	}
	if len(a) == 0 || len(b) == 0 {
		return exchange.CacheOther
	}
	rules := essential
	if max(len(a), len(b)) > longAnswer {
		rules = essentialLong
	}
	for _, r := range verify.Compare(a, b, false) {
		if slices.Contains(rules, r) {
			return exchange.CacheOther
		}
	}
	cosine, ok := v.stage.kind.cosine(a, b)
	switch {
	case !ok:
		return ""
	case cosine < sameAnswer:
		return exchange.CacheOther
	}
	return exchange.CacheSame
}

// cosine compares two answers by the table: no model is asked for them.
func (k *Kind) cosine(a, b string) (float64, bool) {
	table := k.options.Table
	va, err := table.Embed(context.Background(), nil, a)
	if err != nil {
		return 0, false
	}
	vb, err := table.Embed(context.Background(), nil, b)
	if err != nil {
		return 0, false
	}
	sum := 0.0
	for i := range va {
		sum += float64(va[i]) * float64(vb[i])
	}
	return sum, true
}

// textOf is what an answer says to its reader, calls of tools included.
func textOf(answer *canon.Response) string {
	var b strings.Builder
	for i := range answer.Choices {
		for j := range answer.Choices[i].Parts {
			switch p := &answer.Choices[i].Parts[j]; p.Kind {
			case canon.Text, canon.Refusal:
				b.WriteString(canon.Str(p.Text))
			case canon.ToolCall:
				b.WriteString(canon.Str(p.Name))
				b.Write(p.Args)
			case canon.Other, canon.Image, canon.Document, canon.Audio, canon.ToolResult, canon.Thinking, canon.Redacted:
			}
			b.WriteByte('\n')
		}
	}
	return strings.TrimSpace(b.String())
}

// read reads an answer of a dialect; nil: it is none.
func read(name string, body []byte) *canon.Response {
	d := dialect.ByName(name)
	if d == nil {
		return nil
	}
	answer, err := d.DecodeAnswer(body)
	if err != nil {
		return nil
	}
	return answer
}
