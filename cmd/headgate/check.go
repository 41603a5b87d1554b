package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/advice"
	"github.com/headgate/headgate/policy/source"
)

const checkHelp = `Check a policy without a running gateway: every fault at once, or what a valid
policy makes of each model, at worst, and what in it is most likely not meant.

With --env it also looks for the credentials, and for the callers' keys, where a gateway
in this environment would: each one that is not set or of no use is a fault, at its place
in the policy.

Exit codes: 0 the policy is valid, 1 it has faults (with --strict: or warnings),
2 it cannot be read.`

// checkOptions are the flags of the command.
type checkOptions struct {
	expect advice.Expectation
	env    bool
	strict bool
	output string
	quiet  bool
}

func newCheck() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check FILE|DIR",
		Short: "Check a policy: every fault with its place, its worst cases, and advice",
		Long:  checkHelp,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			return check(cmd.Context(), cmd.OutOrStdout(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&o.expect.CallerTimeout, "caller-timeout", advice.DefaultCallerTimeout, "how long callers wait for an answer")
	f.IntVar(&o.expect.Concurrency, "concurrency", 0, "requests of one model at a time, to judge its breaker by; 0: not known")
	f.BoolVar(&o.env, "env", false, "look for credentials and keys in this environment")
	f.BoolVar(&o.strict, "strict", false, "exit with 1 if there are warnings")
	f.StringVarP(&o.output, "output", "o", "text", "text, or json for programs")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "of a valid policy print the first line only")
	cmd.MarkFlagsMutuallyExclusive("output", "quiet")
	return cmd
}

func (o *checkOptions) validate() error {
	switch {
	case o.expect.CallerTimeout <= 0:
		return fmt.Errorf("--caller-timeout must be above 0, is %s", o.expect.CallerTimeout)
	case o.expect.CallerTimeout%time.Millisecond != 0:
		return fmt.Errorf("--caller-timeout must be whole milliseconds, is %s", o.expect.CallerTimeout)
	case o.expect.Concurrency < 0:
		return fmt.Errorf("--concurrency must not be below 0, is %d", o.expect.Concurrency)
	case o.output != "text" && o.output != "json":
		return fmt.Errorf("--output must be text or json, is %q", o.output)
	}
	return nil
}

// check reads a policy and prints what there is to say about it.
func check(ctx context.Context, w io.Writer, path string, o checkOptions) error {
	set, notes, err := examine(ctx, path, o)
	var faults *policy.Faults
	switch {
	case errors.As(err, &faults):
		if err := printFaults(w, faults, o); err != nil {
			return err
		}
		return &exitError{exitFault, fmt.Errorf("%s: %s", path, counted(len(faults.Faults), "fault"))}
	case err != nil:
		return &exitError{exitUsage, err}
	}
	found := advice.Advise(set, o.expect)
	if err := printValid(w, path, set, notes, found, o); err != nil {
		return err
	}
	if n := warnings(found); o.strict && n > 0 {
		return &exitError{exitFault, fmt.Errorf("%s: %s", path, counted(n, "warning"))}
	}
	return nil
}

// examine reads a policy. With --env it looks for its credentials, too, and returns notes
// about them.
func examine(ctx context.Context, path string, o checkOptions) (*policy.Set, []advice.Advice, error) {
	files, err := source.ReadOnce(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	set, err := policy.ParseFiles(files)
	if err != nil || !o.env {
		return set, nil, err
	}
	notes, err := checkEnvironment(files)
	return set, notes, err
}

func printFaults(w io.Writer, faults *policy.Faults, o checkOptions) error {
	if o.output == "json" {
		return faultsReport(faults).write(w)
	}
	_, err := fmt.Fprintln(w, faults.Error())
	return err
}

// printValid prints what a policy makes of its models. The notes are about the environment,
// what was found about the policy.
func printValid(w io.Writer, path string, set *policy.Set, notes, found []advice.Advice, o checkOptions) error {
	if o.output == "json" {
		return validReport(set, slices.Concat(notes, found)).write(w)
	}
	fmt.Fprintf(w, "%s: valid, revision %s: %s, %s\n", path, set.Revision,
		counted(len(set.Models), "model"), counted(len(set.Backends), "backend"))
	if o.quiet {
		return nil
	}
	if err := printBackends(w, set); err != nil {
		return err
	}
	if err := printNames(w, set); err != nil {
		return err
	}
	groups, once := advice.Groups(set, o.expect)
	all := make([]advice.Finding, 0, len(notes)+len(once))
	for _, n := range notes {
		all = append(all, advice.Finding{Advice: n})
	}
	return explainChains(w, path, groups, append(all, once...))
}

func warnings(found []advice.Advice) int {
	n := 0
	for _, a := range found {
		if a.Level == advice.Warning {
			n++
		}
	}
	return n
}

// counted says how many there are of something, such as 1 model.
func counted(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
