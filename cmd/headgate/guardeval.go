package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/extproc/guard/eval"
)

// evalOptions are the flags of the command.
type evalOptions struct {
	data, policy, output string
}

func newGuardEval() *cobra.Command {
	var o evalOptions
	cmd := &cobra.Command{
		Use:   "eval NAME --data FILE",
		Short: "Measure a guard by labelled texts",
		Long: `Measure a guard by labelled texts, in this process: no gateway is needed. NAME is a kind
of guard (` + "headgate guard types" + ` lists what those of rules find), with its defaults, or with -f
the name of a guard of that policy.

FILE has a JSON object in each line: text, label (1: the guard should have something
against it, or 0), source, and spans if they are annotated ({type, start, end} in code
points; null: they are not). Printed are recall, precision and the share of false alarms,
as the guard decides and, if it gives scores, at thresholds, with the area under the curve
(AUC); by source; and by type of what was found. What counts of pii are the spans of
` + fixedForms() + ` with exact borders,
and texts that are not annotated are left out.

Exit codes: 0 done, 1 the guard does not work here or the policy has faults, 2 the command
line is at fault, or a file cannot be read.`,
		Example: "  headgate guard eval pii --data dev.jsonl\n" +
			"  headgate guard eval no-secrets --data dev.jsonl -f policy.yaml -o json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(o.output); err != nil {
				return err
			}
			return evaluate(cmd, args[0], &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "file of labelled texts")
	f.StringVarP(&o.policy, "file", "f", "", "policy file, or folder of them, that has the guard")
	f.StringVarP(&o.output, "output", "o", "table", "table or json")
	_ = cmd.MarkFlagRequired("data") // there is such a flag
	return cmd
}

func evaluate(cmd *cobra.Command, name string, o *evalOptions) error {
	samples, err := labelledTexts(o.data)
	if err != nil {
		return err
	}
	guards, err := chooseGuards(cmd.Context(), o.policy, name)
	if err != nil {
		return err
	}
	if len(guards) > 1 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%d guards have the name %s: this is %s\n", len(guards), clean(name), guards[0].place)
	}
	r, err := measure(cmd.Context(), &guards[0], samples)
	if err != nil {
		return err
	}
	if o.output == "json" {
		return printJSON(cmd.OutOrStdout(), r)
	}
	return printMeasured(cmd.OutOrStdout(), name, o.data, r)
}

func labelledTexts(path string) ([]eval.Sample, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("labelled texts: %w", err)
	}
	defer f.Close() // it was only read
	samples, err := eval.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return samples, nil
}

// measure measures a guard. That it can judge nothing of what there is is an error.
func measure(ctx context.Context, g *placedGuard, samples []eval.Sample) (*eval.Report, error) {
	o := guardOptions()
	defer o.Detectors.Close()
	t, err := tryoutOf(g, o)
	if err != nil {
		return nil, err
	}
	r, err := eval.Measure(ctx, samples, t.Eval, countedTypes(t.Kind))
	switch {
	case err != nil:
		return nil, err
	case r.N > 0:
		return r, nil
	case r.Undecided > 0:
		return nil, &exitError{exitFault, fmt.Errorf("guard %s could judge no text: %s", t.Name, r.Failure)}
	}
	return nil, &exitError{exitFault, errors.New("no text has spans, by which " + t.Kind + " is measured")}
}
