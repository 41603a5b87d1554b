package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/balance"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/store"
)

func newStatus() *cobra.Command {
	var a adminFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the policy in effect and which pairs have taken it",
		Long:  "Show the policy in effect, the latest change that was refused, and which pairs have\ntaken what.\n\nExit codes: 0 done, 1 refused," + usageCode,
		Args:  cobra.NoArgs,
		RunE: a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
			s, err := api.Status(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(cmd, s, func() error { return printStatus(cmd.OutOrStdout(), s) })
		}),
	}
	a.register(cmd)
	return cmd
}

func printStatus(w io.Writer, s fleet.Status) error {
	p := s.Policy
	fmt.Fprintf(w, "policy  %s, for %s\norigin  %s\nauthor  %s\nreason  %s\n",
		clean(p.Revision), age(p.At), orDash(string(p.Origin)), orDash(p.Author), orDash(p.Reason))
	if p.Document != "" {
		fmt.Fprintf(w, "document  %s, under the overlay\n", clean(p.Document))
	}
	printStore(w, s.Store)
	if entries := s.Overlay.Entries(); len(entries)+len(s.LeftOut) > 0 {
		fmt.Fprintln(w, "\noverlay")
		for _, e := range entries {
			fmt.Fprintf(w, "  %s%s\n", clean(policy.Describe(e)), remaining(e.By().Expiry))
		}
		for _, l := range s.LeftOut {
			fmt.Fprintf(w, "  %s\n", clean(l))
		}
		for _, model := range s.Undrained {
			fmt.Fprintf(w, "  %s: %s\n", clean((&policy.Model{Name: model}).Path()), policy.AllDrained)
		}
	}
	if r := s.Refused; r != nil {
		fmt.Fprintf(w, "\nrefused a change by %s, %s ago:\n", clean(string(r.Origin)), age(r.At))
		for line := range strings.Lines(r.Reason) {
			fmt.Fprintf(w, "  %s\n", clean(strings.TrimRight(line, "\n")))
		}
	}
	if len(s.Groups) > 0 {
		fmt.Fprintln(w, "\ngroups")
		if err := printGroups(w, s.Groups); err != nil {
			return err
		}
	}
	if len(s.Out) > 0 {
		fmt.Fprintln(w, "\nout of service")
		if err := printOut(w, s.Out); err != nil {
			return err
		}
	}
	if len(s.Balance) > 0 {
		fmt.Fprintln(w, "\nbalance")
		if err := printBalance(w, s.Balance); err != nil {
			return err
		}
	}
	if len(s.Pairs) == 0 {
		_, err := fmt.Fprintln(w, "\nno pair is connected")
		return err
	}
	fmt.Fprintln(w, "\npairs")
	return printPairs(w, s.Pairs)
}

// printStore says where the journal is, and what is wrong with it.
func printStore(w io.Writer, s store.Status) {
	if s.Kind == "" {
		return
	}
	fmt.Fprintf(w, "store   %s, %s\n", clean(s.Kind), clean(s.Place))
	if s.Trouble != "" {
		meanwhile := "pairs keep their rows"
		if s.Before != "" {
			meanwhile = clean(s.Before) + " stays in use"
		}
		fmt.Fprintf(w, "  cannot be used, for %s: %s; %s\n", age(s.Since), clean(s.Trouble), meanwhile)
	}
}

func printGroups(w io.Writer, groups []xds.GroupStatus) error {
	var rows [][]string
	for _, g := range groups {
		refused := "-"
		if g.Refused != nil {
			refused = fmt.Sprintf("%s by %s: %s", orDash(g.Refused.Revision), orDash(g.Refused.Node), nackReason(g.Refused))
		}
		rows = append(rows, []string{orDash(g.Cluster), orDash(g.Region), orDash(g.Revision), orDash(g.LastGood), refused})
	}
	return printTable(w, "CLUSTER REGION REVISION LAST-GOOD REFUSED", rows)
}

func printPairs(w io.Writer, pairs []xds.PairStatus) error {
	var rows [][]string
	for _, p := range pairs {
		refused := "-"
		if p.Refused != nil {
			refused = fmt.Sprintf("%s: %s", orDash(p.Refused.Revision), nackReason(p.Refused))
		}
		rows = append(rows, []string{orDash(p.Node), orDash(p.Region), orDash(p.Revision), age(p.Connected), orDash(p.Trouble), refused})
	}
	return printTable(w, "NODE REGION REVISION CONNECTED TROUBLE REFUSED", rows)
}

func printOut(w io.Writer, out []fleet.OutOfService) error {
	var rows [][]string
	for _, o := range out {
		until := "-"
		if o.Until != nil {
			until = "in " + greatest(max(time.Until(*o.Until), 0))
		}
		rows = append(rows, []string{orDash(o.Backend), orDash(o.Model), orDash(o.Reason), age(o.Since), until, orDash(o.Pool), orDash(o.Address), orDash(strings.Join(o.Pairs, ","))})
	}
	return printTable(w, "BACKEND MODEL REASON SINCE BACK POOL ADDRESS PAIRS", rows)
}

func printBalance(w io.Writer, all []balance.Status) error {
	var rows [][]string
	for _, b := range all {
		rows = append(rows, []string{orDash(b.Model), orDash(b.Use), orDash(b.Region), fmt.Sprintf("%.1f%%", float64(b.Permille)/10), orDash(b.Reason)})
	}
	return printTable(w, "MODEL USE PAIRS-IN KEEPS REASON", rows)
}

func nackReason(r *xds.Refusal) string { return clean(r.Type) + ": " + orDash(r.Reason) }
