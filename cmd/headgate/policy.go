package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/policies"
)

func newPolicy() *cobra.Command {
	a := &adminFlags{}
	cmd := group("policy", "Show, change and take back the policy of a running control plane")
	a.register(cmd)
	cmd.AddCommand(newPolicyShow(a), newPolicyHistory(a), newPolicyDiff(a), newPolicyPush(a), newPolicyRollback(a), newPolicyWeight(a),
		newPolicyDrain(a), newPolicyUndrain(a))
	return cmd
}

func newPolicyPush(a *adminFlags) *cobra.Command {
	var c changeFlags
	cmd := &cobra.Command{
		Use:   "push FILE|DIR --reason TEXT",
		Short: "Bring a policy into effect, completely or not at all",
		Long: "Bring a policy into effect, completely or not at all. The policy is only replaced\n" +
			"if it is still the one that was in effect when the command began, or the one\n" +
			"that --expect names. What lies over the policy stays: see headgate policy weight." + changeCodes,
		Args: cobra.ExactArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			if err := c.complete(); err != nil {
				return err
			}
			files, err := filesToSend(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			current, err := api.Current(cmd.Context())
			if err != nil {
				return err
			}
			c.before = current.Number
			if c.expect == "" {
				c.expect = current.Revision
			}
			taken, err := api.Push(cmd.Context(), source.Proposal{
				Files: files, Author: c.author, Reason: c.reason, Expect: c.expect, WithoutOverlay: c.withoutOverlay,
			})
			if err != nil {
				return atPaths(args[0], err)
			}
			return a.taken(cmd, api, &c, taken)
		}),
	}
	c.register(cmd)
	c.registerDocument(cmd)
	return cmd
}

func newPolicyRollback(a *adminFlags) *cobra.Command {
	var c changeFlags
	cmd := &cobra.Command{
		Use:   "rollback [REVISION] --reason TEXT",
		Short: "Bring an earlier policy into effect again",
		Long: "Bring an earlier policy into effect again: the one of a revision, or else the one\n" +
			"before the latest change. Repeated, it goes further back each time; a policy that\n" +
			"a pair would not take is passed over unless it is named. What lies over the policy\n" +
			"in effect stays: see headgate policy weight." + changeCodes,
		Args: cobra.MaximumNArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			if err := c.complete(); err != nil {
				return err
			}
			current, err := api.Current(cmd.Context())
			if err != nil {
				return err
			}
			c.before = current.Number
			to := policies.Rollback{Author: c.author, Reason: c.reason, Expect: c.expect, WithoutOverlay: c.withoutOverlay}
			if to.Expect == "" {
				to.Expect = current.Revision
			}
			if len(args) > 0 {
				to.Revision = args[0]
			}
			taken, err := api.Rollback(cmd.Context(), to)
			if err != nil {
				return err
			}
			return a.taken(cmd, api, &c, taken)
		}),
	}
	c.register(cmd)
	c.registerDocument(cmd)
	return cmd
}

// taken says what is published after a change, and what the pairs made of it: only they
// bring it into effect.
func (a *adminFlags) taken(cmd *cobra.Command, api *client.Client, c *changeFlags, change source.Change) error {
	err := a.print(cmd, change, func() error {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), c.publishedAs(change))
		return err
	})
	if err != nil {
		return err
	}
	if a.output == "table" && !change.Overlay.IsZero() {
		if err := printLaid(cmd, api); err != nil {
			return err
		}
	}
	pairs, err := c.await(cmd.Context(), api, change.Revision)
	if err != nil || pairs == "" || a.output == "json" {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), pairs)
	return err
}
