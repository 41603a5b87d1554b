package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/envoy/drill"
	"github.com/headgate/headgate/policy/source"
)

const drillHelp = `Play the faults of providers to a model of a policy and judge what a client gets.

The real gateway runs on this machine with the policy's chain, clocks and retries, and the
simulated provider in the place of each backend: no key is needed. Each fault is asked for
in each client dialect, as JSON and as a stream, all at once.

pass     the whole answer in time (15s, after silence 45s), or the right refusal
partial  the whole answer, but late
safe     an error that the client notices
fail     broken and sold as whole, or no end within --patience

Exit codes: 0, 1 if a fault fails or fewer of the suite's sixteen pass than --min-pass,
2 if the policy cannot be read.`

// drillOptions are the flags of the command.
type drillOptions struct {
	drill.Options
	app.GatewayOptions
	dialect, form    string
	minPass          int
	output, logLevel string
	broken           string
}

func newDrill() *cobra.Command {
	var o drillOptions
	cmd := &cobra.Command{
		Use:   "drill",
		Short: "Play the faults of providers to a policy's chain, and judge the answers",
		Long:  drillHelp,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			return o.run(cmd)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Policy, "file", "f", "policy.yaml", "policy file, or folder of them")
	f.StringVar(&o.Model, "model", "", "model to drill, empty for the one with the longest chain")
	f.StringSliceVar(&o.Faults, "fault", nil, "faults to play, by name; none: all")
	f.StringVar(&o.dialect, "dialect", "", "client dialect, openai or anthropic; empty: both")
	f.StringVar(&o.form, "form", "", "form of the answer, json or sse; empty: both")
	f.DurationVar(&o.Patience, "patience", drill.DefaultPatience, "how long a client waits for the end of an answer")
	f.DurationVar(&o.Outage, "outage", drill.DefaultOutage, "how long the primary is down in the fault outage, and thrice as long as in recovery")
	f.IntVar(&o.minPass, "min-pass", 0, "exit with 1 if fewer of the suite's faults pass")
	f.StringVar(&o.broken, "break", "", "no-retry: drill the first backend alone, without retries, to see the drill notice")
	f.StringVarP(&o.output, "output", "o", "text", "text, or json for programs")
	f.StringVar(&o.Region, "region", "", "region that the gateway runs in, for models with nearest: true")
	f.StringVar(&o.Data, "data", "", "folder to keep the gateway's records and logs in; empty: they are removed")
	f.StringVar(&o.Tools, "tools", ".tools", "folder of the fetched Envoy")
	f.IntVar(&o.Concurrency, "envoy-concurrency", 0, "Envoy's worker threads, 0 for one per core")
	f.StringVar(&o.logLevel, "log-level", "error", "debug, info, warn or error")
	return cmd
}

func (o *drillOptions) validate() error {
	switch {
	case o.Patience <= 0:
		return fmt.Errorf("--patience must be above 0, is %s", o.Patience)
	case o.Outage < time.Second:
		return fmt.Errorf("--outage must be at least 1s, is %s", o.Outage)
	case o.minPass < 0:
		return fmt.Errorf("--min-pass must not be below 0, is %d", o.minPass)
	case o.broken != "" && o.broken != string(drill.BreakNoRetry):
		return fmt.Errorf("--break must be %s, is %q", drill.BreakNoRetry, o.broken)
	case o.output != "text" && o.output != "json":
		return fmt.Errorf("--output must be text or json, is %q", o.output)
	case !slices.Contains([]string{"", "openai", "anthropic"}, o.dialect):
		return fmt.Errorf("--dialect must be openai or anthropic, is %q", o.dialect)
	case !slices.Contains([]string{"", "json", "sse"}, o.form):
		return fmt.Errorf("--form must be json or sse, is %q", o.form)
	}
	for _, name := range o.Faults {
		if all := drill.Names(); !slices.Contains(all, name) {
			return fmt.Errorf("--fault must be one of %s, is %q", strings.Join(all, ", "), name)
		}
	}
	for _, w := range drill.Ways {
		if (o.dialect == "" || o.dialect == w.Dialect) && (o.form == "" || o.form == w.Form()) {
			o.Ways = append(o.Ways, w)
		}
	}
	o.Break = drill.Break(o.broken)
	return nil
}

// run drills and prints what was found.
func (o *drillOptions) run(cmd *cobra.Command) (err error) {
	ctx := cmd.Context()
	set, err := source.LoadOnce(ctx, o.Policy)
	if err != nil {
		return failed(err)
	}
	if o.Model != "" && set.Models[o.Model] == nil && set.Answering(o.Model) == nil {
		return fmt.Errorf("--model: the policy has no model %q", o.Model)
	}
	if o.Log, err = newLogger(o.logLevel, "text"); err != nil {
		return err
	}
	if o.Data == "" {
		if o.Data, err = os.MkdirTemp("", "headgate-drill"); err != nil {
			return failed(err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Data)) }()
	}
	o.Start = func(ctx context.Context, document []byte) (drill.Gateway, error) {
		return app.StartDrill(ctx, document, o.GatewayOptions)
	}
	write := printDrill
	if o.output == "json" {
		write = printDrillJSON
	} else {
		fmt.Fprintf(cmd.OutOrStdout(), "drilling %s: each answer is awaited for up to %s\n\n", o.Policy, o.Patience)
	}
	report, err := drill.Run(ctx, set, o.Options)
	switch {
	case ctx.Err() != nil:
		return &exitError{exitFault, errors.New("interrupted: nothing was judged")}
	case err != nil:
		return failed(err)
	}
	if err := write(cmd.OutOrStdout(), report); err != nil {
		return err
	}
	return o.judge(report)
}

// judge makes the exit code.
func (o *drillOptions) judge(r *drill.Report) error {
	failing := r.Count(drill.Fail, false) + r.Count(drill.Fail, true)
	passing := r.Count(drill.Pass, false)
	switch {
	case failing > 0:
		return &exitError{exitFault, fmt.Errorf("%s failed", counted(failing, "fault"))}
	case passing < o.minPass:
		return &exitError{exitFault, fmt.Errorf("%d of the suite's faults pass, fewer than %d", passing, o.minPass)}
	}
	return nil
}
