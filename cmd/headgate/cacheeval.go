package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/extproc/cache/eval"
	"github.com/headgate/headgate/extproc/embed/static"
)

// cacheEvalOptions are the flags of the command.
type cacheEvalOptions struct {
	data, output, hitsFile, rules string
	threshold                     float64
	hits                          int
	seed                          uint64
}

func newCacheEval() *cobra.Command {
	var o cacheEvalOptions
	cmd := &cobra.Command{
		Use:   "eval --data FILE",
		Short: "Measure the semantic cache by labelled pairs of questions",
		Long: `Measure the semantic cache by labelled pairs of questions, in this process: no gateway is
needed. The embedder is the built-in table.

FILE has a JSON object in each line: a, b, label (1: the answer of one serves the other, or
0), source. Printed are, by least cosine, the precision (the share of the hits that are
right) and the hit rate (the share of the pairs that are the same that hit), without rules,
with the basic and with the strict ones; at --threshold also by source, and with one source
left out; and what each rule refuses of all pairs.

With --print-hits FILE a sample of the hits at --threshold is written for reading: cosine,
label, source and both questions. Labels of public data are noisy where the cosine is high,
so count what is wrong yourself.

Exit codes: 0 done, 2 the command line is at fault, or a file cannot be read or written.`,
		Example: "  headgate cache eval --data dev.jsonl\n" +
			"  headgate cache eval --data dev.jsonl --threshold 0.93 --print-hits hits.txt --rules basic",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmp.Or(checkOutput(o.output), o.check()); err != nil {
				return err
			}
			return evaluateCache(cmd, &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "file of labelled pairs")
	f.Float64Var(&o.threshold, "threshold", 0.95, "least cosine that is looked at more closely")
	f.StringVar(&o.hitsFile, "print-hits", "", "file to which hits are written for reading")
	f.IntVar(&o.hits, "hits", 200, "how many of them at most")
	f.StringVar(&o.rules, "rules", string(eval.Strict), "rules that they have passed: strict, basic or none")
	f.Uint64Var(&o.seed, "seed", 1, "which of them, if there are more")
	f.StringVarP(&o.output, "output", "o", "table", "table or json")
	_ = cmd.MarkFlagRequired("data") // there is such a flag
	return cmd
}

func (o *cacheEvalOptions) check() error {
	switch {
	case !(o.threshold >= 0 && o.threshold <= 1):
		return fmt.Errorf("--threshold must be from 0 to 1, is %g", o.threshold)
	case o.hits < 1:
		return fmt.Errorf("--hits must be 1 or more, is %d", o.hits)
	case !slices.Contains(eval.Verifyings, eval.Verifying(o.rules)):
		return fmt.Errorf("--rules must be strict, basic or none, is %q", o.rules)
	}
	return nil
}

func evaluateCache(cmd *cobra.Command, o *cacheEvalOptions) error {
	pairs, err := labelledPairs(o.data)
	if err != nil {
		return err
	}
	judged, id, err := judgePairs(cmd.Context(), pairs)
	if err != nil {
		return err
	}
	if o.hitsFile != "" {
		served := eval.Sample(judged, o.threshold, eval.Verifying(o.rules), o.hits, o.seed)
		if err := writeHits(o.hitsFile, served); err != nil {
			return err
		}
	}
	r := eval.Sum(judged, id, o.threshold)
	if o.output == "json" {
		return printJSON(cmd.OutOrStdout(), r)
	}
	return printCacheReport(cmd.OutOrStdout(), o.data, r)
}

func labelledPairs(path string) ([]eval.Pair, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("labelled pairs: %w", err)
	}
	defer f.Close() // it was only read
	pairs, err := eval.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return pairs, nil
}

// judgePairs judges pairs by the built-in table, whose ID it returns.
func judgePairs(ctx context.Context, pairs []eval.Pair) ([]eval.Judged, string, error) {
	e, err := static.New()
	if err != nil {
		return nil, "", fmt.Errorf("the built-in table: %w", err)
	}
	judged, err := eval.Judge(ctx, pairs, e)
	return judged, e.ID(), err
}

// writeHits writes hits for reading. The file is new or replaced, and only its owner reads it:
// questions may be those of users.
func writeHits(path string, served []eval.Judged) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("hits: %w", err)
	}
	if err := errors.Join(printHits(f, served), f.Close()); err != nil {
		return fmt.Errorf("hits: %w", err)
	}
	return nil
}

func printHits(w io.Writer, served []eval.Judged) error {
	for i, j := range served {
		label := 0
		if j.Same {
			label = 1
		}
		if _, err := fmt.Fprintf(w, "%d  cosine %.4f  label %d  %s\n   %s\n   %s\n", i+1, j.Cosine, label, clean(j.Source), clean(j.A), clean(j.B)); err != nil {
			return err
		}
	}
	return nil
}
