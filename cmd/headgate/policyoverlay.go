package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/policies"
)

// weightFlags are the flags of headgate policy weight.
type weightFlags struct {
	changeFlags
	link  int // below 0: not given
	last  time.Duration
	clear bool
}

func newPolicyWeight(a *adminFlags) *cobra.Command {
	var f weightFlags
	cmd := &cobra.Command{
		Use:   "weight MODEL BACKEND/MODEL=WEIGHT... --reason TEXT",
		Short: "Lay weights over a link of the policy, or take them back",
		Long: "Lay weights over a link of the policy, or take them back with --clear. The policy's\n" +
			"document stays as it is: the weights lie over it until they are taken back or --for\n" +
			"is over, whatever is pushed or rolled back meanwhile. They replace those that lie\n" +
			"over the link already; a use that is not named keeps the document's weight. 0 takes\n" +
			"a use out of the link for new requests. Users move to the uses that grow, and\n" +
			"between no others." + changeCodes,
		Example: "  headgate policy weight assistant claude-eu/claude-sonnet-4-6=5 --reason 'slow since noon' --for 1h\n" +
			"  headgate policy weight assistant --clear --reason 'fast again'",
		Args: cobra.MinimumNArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			laying, err := f.laying(cmd.Flags().Changed("for"), args[0], args[1:])
			if err != nil {
				return err
			}
			return a.lay(cmd, api, &f.changeFlags, laying)
		}),
	}
	f.register(cmd)
	cmd.Flags().IntVar(&f.link, "link", -1, "index of the link in the model's chain, from 0; -1: the only one that has the uses, with --clear all")
	cmd.Flags().DurationVar(&f.last, "for", 0, "how long, such as 1h (default: until they are taken back)")
	cmd.Flags().BoolVar(&f.clear, "clear", false, "take back what lies over the model")
	return cmd
}

// lay lays something over the policy that is in effect, and says what came of it.
func (a *adminFlags) lay(cmd *cobra.Command, api *client.Client, f *changeFlags, laying policies.Laying) error {
	current, err := api.Current(cmd.Context())
	if err != nil {
		return err
	}
	f.before = current.Number
	if laying.Expect == "" {
		laying.Expect = current.Revision
	}
	taken, err := api.Lay(cmd.Context(), laying)
	if err != nil {
		return err
	}
	return a.taken(cmd, api, f, taken)
}

// laying makes a request of the command line, or says what it cannot mean.
func (f *weightFlags) laying(bounded bool, model string, uses []string) (policies.Laying, error) {
	if err := f.complete(); err != nil {
		return policies.Laying{}, err
	}
	target := source.Target{Model: model}
	if f.link >= 0 {
		target.Link = &f.link
	}
	out := policies.Laying{Author: f.author, Reason: f.reason, Expect: f.expect}
	switch {
	case f.clear && (len(uses) > 0 || bounded):
		return out, errors.New("--clear takes back what lies over the model: it takes neither weights nor --for")
	case f.clear:
		out.Clear = []source.Target{target}
		return out, nil
	case len(uses) == 0:
		return out, errors.New("name at least one weight, such as backend/model=10, or --clear")
	case bounded && f.last <= 0:
		return out, fmt.Errorf("--for must be above 0, is %s", f.last)
	case bounded:
		out.For = f.last.String()
	}
	weights, err := readWeights(uses)
	out.Weights = []source.LinkWeights{{Target: target, Uses: weights}}
	return out, err
}

// readWeights reads BACKEND/MODEL=WEIGHT. A model's name may have an equals sign in it.
func readWeights(args []string) (map[string]uint32, error) {
	all := make(map[string]uint32)
	for _, arg := range args {
		i := strings.LastIndex(arg, "=")
		if i < 0 {
			return nil, fmt.Errorf("weight %q: must be BACKEND/MODEL=WEIGHT", arg)
		}
		n, err := strconv.ParseUint(arg[i+1:], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("weight %q: must be a whole number from 0 to %d", arg, policy.MaxWeight)
		}
		if _, twice := all[arg[:i]]; twice {
			return nil, fmt.Errorf("weight %q: %s is given twice", arg, arg[:i])
		}
		all[arg[:i]] = uint32(n)
	}
	return all, nil
}

// overlayLines says what lies over a change's document, with the simulated backends if
// the change is in effect.
func overlayLines(ctx context.Context, api *client.Client, c source.Change, inEffect bool) (lines []string, err error) {
	if !inEffect {
		for _, e := range c.Overlay.Entries() {
			lines = append(lines, policy.Describe(e))
		}
		return lines, nil
	}
	o, err := api.Overlay(ctx)
	if errors.Is(err, console.NotFound) {
		return nil, nil // a control plane of the release before has no overlays
	}
	if err != nil {
		return nil, err
	}
	for _, e := range o.InEffect.Entries() {
		lines = append(lines, policy.Describe(e)+remaining(e.By().Expiry))
	}
	return append(lines, o.LeftOut...), nil
}

// printOverlay prints in comments what lies over a document.
func printOverlay(w io.Writer, c source.Change, lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	document := c.Document
	if document == "" {
		document = c.Revision
	}
	fmt.Fprintf(w, "# overlay, over document %s:\n", clean(document))
	for _, line := range lines {
		if _, err := fmt.Fprintf(w, "#   %s\n", clean(line)); err != nil {
			return err
		}
	}
	return nil
}

// printLaid prints after a change what lies over the document.
func printLaid(cmd *cobra.Command, api *client.Client) error {
	lines, err := overlayLines(cmd.Context(), api, source.Change{}, true)
	for _, line := range lines {
		fmt.Fprintf(cmd.OutOrStdout(), "overlay %s\n", clean(line))
	}
	return err
}

// printOverlayDiff prints what a push would do to what lies over the policy.
func printOverlayDiff(w io.Writer, all []policies.EntryDiff) {
	for _, e := range all {
		entry, reason := clean(e.Entry), clean(e.Reason)
		switch {
		case e.After == policies.InEffect && e.Before == policies.InEffect:
			fmt.Fprintf(w, "= overlay %s\n", entry)
		case e.After == policies.InEffect:
			fmt.Fprintf(w, "+ overlay %s (it was left out)\n", entry)
		case e.Before == policies.InEffect:
			fmt.Fprintf(w, "- overlay %s (left out: %s)\n", entry, reason)
		default:
			fmt.Fprintf(w, "  overlay %s (still left out: %s)\n", entry, reason)
		}
	}
}
