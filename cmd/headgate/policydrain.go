package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/policies"
)

// drainFlags are the flags of headgate policy drain and undrain.
type drainFlags struct {
	changeFlags
	model string
	last  time.Duration
}

func newPolicyDrain(a *adminFlags) *cobra.Command {
	var f drainFlags
	cmd := &cobra.Command{
		Use:   "drain BACKEND|BACKEND/MODEL... --reason TEXT",
		Short: "Take backends out of the chains that have something else",
		Long: "Take backends, or a model of one, out of the chains that have something else. The\n" +
			"policy's document stays as it is; what is drained is not asked for new requests until\n" +
			"it is taken back (headgate policy undrain) or --for is over, whatever is pushed or\n" +
			"rolled back meanwhile. A chain of which everything is drained stays whole, which\n" +
			"headgate status says." + changeCodes,
		Example: "  headgate policy drain claude-eu --reason 'maintenance' --for 1h\n" +
			"  headgate policy drain gpt/gpt-5.5 --model assistant --reason 'slow since noon'",
		Args: cobra.MinimumNArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			laying, drains, err := f.laying(args)
			switch bounded := cmd.Flags().Changed("for"); {
			case err != nil:
				return err
			case bounded && f.last <= 0:
				return fmt.Errorf("--for must be above 0, is %s", f.last)
			case bounded:
				laying.For = f.last.String()
			}
			laying.Drain = drains
			return a.lay(cmd, api, &f.changeFlags, laying)
		}),
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.model, "model", "", "the policy's model whose chain is meant (default: every one)")
	cmd.Flags().DurationVar(&f.last, "for", 0, "how long, such as 1h (default: until it is taken back)")
	return cmd
}

func newPolicyUndrain(a *adminFlags) *cobra.Command {
	var f drainFlags
	cmd := &cobra.Command{
		Use:   "undrain BACKEND|BACKEND/MODEL... --reason TEXT",
		Short: "Take back what headgate policy drain did",
		Long:  "Take back what headgate policy drain did. What is drained because it does not answer\nits checks stays so until it does." + changeCodes,
		Args:  cobra.MinimumNArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			laying, drains, err := f.laying(args)
			if err != nil {
				return err
			}
			laying.Undrain = drains
			return a.lay(cmd, api, &f.changeFlags, laying)
		}),
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.model, "model", "", "the policy's model that was named")
	return cmd
}

// laying makes a request of the command line, without what it is about.
func (f *drainFlags) laying(what []string) (out policies.Laying, drains []source.Drain, err error) {
	for _, name := range what {
		backend, use, named := strings.Cut(name, "/")
		if backend == "" || named && use == "" {
			err = errors.Join(err, fmt.Errorf("%q: must be BACKEND or BACKEND/MODEL", name))
		}
		drains = append(drains, source.Drain{Backend: backend, Use: use, Model: f.model})
	}
	return policies.Laying{Author: f.author, Reason: f.reason, Expect: f.expect}, drains, errors.Join(f.complete(), err)
}
