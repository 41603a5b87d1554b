package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/guard/tryout"
)

// triedGuard is what a guard made of a text.
type triedGuard struct {
	Guard   string               `json:"guard"`
	Kind    string               `json:"kind"`
	Place   string               `json:"place"` // in the policy
	Action  string               `json:"action"`
	Mode    string               `json:"mode"`
	Result  exchange.GuardResult `json:"result"` // empty: it cannot be tried so
	Score   float64              `json:"score"`
	Types   []string             `json:"types,omitempty"` // of the whole
	Spans   []triedSpan          `json:"spans,omitempty"`
	Message string               `json:"message,omitempty"` // from whoever decided
	Masked  string               `json:"masked,omitempty"`
	Error   string               `json:"error,omitempty"`
	MS      float64              `json:"duration_ms"`
}

// triedSpan is a place in which a guard found something, in bytes.
type triedSpan struct {
	Type  string  `json:"type"`
	Start int     `json:"start"`
	End   int     `json:"end"`
	Score float64 `json:"score"`
	Text  string  `json:"text"`
	Rule  string  `json:"rule,omitempty"`
}

func newGuardTry() *cobra.Command {
	var file, name, output string
	cmd := &cobra.Command{
		Use:   "try TEXT",
		Short: "Show what guards make of a text, and by which rules",
		Long: `Show what guards make of a text, in this process: no gateway is needed. For each guard
that is what it would do, each place in which it found something with its type, score and
rule, and the text as it would be masked. TEXT may be - for the standard input.

Guards are pii and secrets with their defaults, or with -f all of that policy, also those in
shadow and those that are off; one that judges a whole exchange is named alone. Each sees the text as it was given, whatever another masks.

Exit codes: 0 done, whatever was found, 1 a guard does not work here or could not decide, or
the policy has faults, 2 the command line is at fault, or a file cannot be read.`,
		Example: "  headgate guard try \"My card is 4111 1111 1111 1111\"\n" +
			"  headgate guard try - -f policy.yaml --guard no-secrets < prompt.txt",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			text, err := triedText(cmd, args[0])
			if err != nil {
				return err
			}
			guards, err := triedGuards(cmd.Context(), file, name)
			if err != nil {
				return err
			}
			return try(cmd, guards, text, output)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&file, "file", "f", "", "policy file, or folder of them, whose guards look")
	f.StringVar(&name, "guard", "", "only this one: a kind, or with -f the name of a guard of the policy")
	f.StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}

func checkOutput(output string) error {
	if output != "table" && output != "json" {
		return fmt.Errorf("output %q: must be table or json", output)
	}
	return nil
}

// maxTried bounds a text that is tried, in bytes.
const maxTried = 64 << 20

func triedText(cmd *cobra.Command, text string) (string, error) {
	if text != "-" {
		return text, nil
	}
	data, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxTried+1))
	if err == nil && len(data) > maxTried {
		err = fmt.Errorf("more than %d MiB", maxTried>>20)
	}
	if err != nil {
		return "", fmt.Errorf("standard input: %w", err)
	}
	return string(data), nil
}

func triedGuards(ctx context.Context, file, name string) ([]placedGuard, error) {
	if file != "" || name != "" {
		return chooseGuards(ctx, file, name)
	}
	var all []placedGuard
	for _, kind := range []string{"pii", "secrets"} {
		guards, err := usualGuards(kind)
		if err != nil {
			return nil, err
		}
		all = append(all, guards...)
	}
	return all, nil
}

// try has guards look at a text, each by itself. One that does not work or cannot decide is shown
// as such, and is an error in the end.
func try(cmd *cobra.Command, guards []placedGuard, text, output string) error {
	o := guardOptions()
	defer o.Detectors.Close()
	tried := make([]triedGuard, len(guards))
	var failures []error
	for i := range guards {
		var err error
		if tried[i], err = tryOne(cmd.Context(), &guards[i], o, text); err != nil {
			tried[i].Error = err.Error()
			if unfit := (*unfitError)(nil); errors.As(err, &unfit) {
				tried[i].Result = ""
				continue
			}
			failures = append(failures, err)
		}
	}
	show := func() error { return printTried(cmd.OutOrStdout(), tried) }
	if output == "json" {
		show = func() error { return printJSON(cmd.OutOrStdout(), tried) }
	}
	if err := show(); err != nil || len(failures) == 0 {
		return err
	}
	return &exitError{exitFault, errors.Join(failures...)}
}

func tryOne(ctx context.Context, g *placedGuard, o *guard.Options, text string) (triedGuard, error) {
	kind, rule := g.entry.Rule()
	terms := rule.Terms()
	out := triedGuard{Guard: terms.Name, Kind: kind, Place: g.place, Action: string(terms.Action), Mode: string(terms.Mode), Result: exchange.GuardFailed}
	t, err := tryoutOf(g, o)
	if err != nil {
		return out, err
	}
	v, err := t.Judge(ctx, text)
	out.Result, out.Score, out.Types, out.Message, out.MS = v.Result, v.Score, v.Types, v.Message, float64(v.Took.Microseconds())/1000
	if err != nil {
		return out, fmt.Errorf("guard %s could not decide: %w", terms.Name, err)
	}
	out.Spans = triedSpans(kind, text, &v)
	if v.Result == exchange.GuardMasked {
		out.Masked = t.Mask(text, v.Findings)
	}
	return out, nil
}

func triedSpans(kind, text string, v *tryout.Verdict) (all []triedSpan) {
	for _, f := range v.Findings {
		all = append(all, triedSpan{f.Type, f.Start, f.End, f.Score, text[f.Start:f.End], ruleOf(kind, f.Type)})
	}
	return all
}

// printTried prints a table of guards, one of places, and masked texts.
func printTried(w io.Writer, tried []triedGuard) error {
	var guards, spans [][]string
	for i := range tried {
		g := &tried[i]
		guards = append(guards, []string{clean(g.Guard), g.Kind, clean(g.Place), g.Action, g.Mode, orDash(string(g.Result)), fmt.Sprintf("%.2f", g.Score), inMillis(g.MS)})
		for _, t := range g.Types {
			spans = append(spans, []string{clean(g.Guard), clean(t), "-", "(the whole)", "-", "-"})
		}
		for _, s := range g.Spans {
			spans = append(spans, []string{clean(g.Guard), clean(s.Type), fmt.Sprintf("%.2f", s.Score), fmt.Sprintf("%d-%d", s.Start, s.End), shortened(clean(s.Text)), orDash(s.Rule)})
		}
	}
	if err := printTable(w, "GUARD KIND PLACE ACTION MODE RESULT SCORE TOOK", guards); err != nil {
		return err
	}
	if err := printUnder(w, "GUARD TYPE SCORE BYTES TEXT RULE", spans); err != nil {
		return err
	}
	for i := range tried {
		for _, said := range [][2]string{{"masked by ", tried[i].Masked}, {"said by ", tried[i].Message}, {"not judged by ", tried[i].Error}} {
			if said[1] != "" {
				fmt.Fprintf(w, "\n%s%s: %s\n", said[0], clean(tried[i].Guard), clean(said[1]))
			}
		}
	}
	return nil
}
