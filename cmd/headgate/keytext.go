package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/keys"
	"github.com/headgate/headgate/xds/key"
)

func newKeyList(a *adminFlags) *cobra.Command {
	var ended bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List keys, the newest first",
		Long:  "List keys, the newest first. No text of one is shown." + refusedCodes,
		Args:  cobra.NoArgs,
		RunE: a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
			all, err := api.Keys(cmd.Context(), ended)
			if err != nil {
				return err
			}
			return a.print(cmd, all, func() error {
				var rows [][]string
				for i := range all.Keys {
					k := &all.Keys[i]
					rows = append(rows, []string{clean(k.Name), clean(k.ID), kindOf(k), orDash(k.Attributes.Team), orDash(k.Attributes.Tier), string(k.State), day(k.Created), expiryText(k)})
				}
				return printTable(cmd.OutOrStdout(), "NAME ID FOR TEAM TIER STATE CREATED EXPIRES", rows)
			})
		}),
	}
	cmd.Flags().BoolVar(&ended, "all", false, "those that were revoked or have expired, too")
	return cmd
}

func newKeyShow(a *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "show KEY",
		Short: "Print everything that is known of a key but its text, with what is left of its limits",
		Long:  "Print everything that is known of a key but its text, with what is left of its limits, as the\npairs say that are linked to the control plane. KEY is its name, its id or its text." + refusedCodes,
		Args:  cobra.ExactArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			k, err := api.Key(cmd.Context(), args[0])
			return a.printKey(cmd, &k, err)
		}),
	}
}

// printKey prints a key, unless it could not be had.
func (a *adminFlags) printKey(cmd *cobra.Command, k *keys.Key, err error) error {
	if err != nil {
		return err
	}
	return a.print(cmd, k, func() error { return printLines(cmd.OutOrStdout(), keyLines(k)) })
}

// printMade prints a key that was made, with its text.
func printMade(w io.Writer, m *keys.Made) error {
	if err := printLines(w, append([][2]string{{"key", m.Text}}, keyLines(&m.Key)...)); err != nil {
		return err
	}
	text := "\nThe key is not shown again."
	if m.Warning != "" {
		text += "\nWarning: " + clean(m.Warning) + "."
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// keyLines are what is known of a key, by name.
func keyLines(k *keys.Key) (lines [][2]string) {
	add := func(name, text string) {
		if text != "" {
			lines = append(lines, [2]string{name, text})
		}
	}
	at := &k.Attributes
	add("name", k.Name)
	add("id", k.ID)
	add("for", kindOf(k))
	add("state", string(k.State))
	add("user", at.User)
	add("team", at.Team)
	add("tier", at.Tier)
	add("models", strings.Join(at.Models, ", "))
	add("tags", strings.Join(at.Tags, ", "))
	add("quota", quotaText(&at.Quota))
	add("created", moment(k.Created)+by(k.CreatedBy))
	add("expires", expiryText(k))
	if !k.Revoked.IsZero() {
		add("revoked", moment(k.Revoked)+by(k.RevokedBy))
	}
	for i := range k.Secrets {
		if s := &k.Secrets[i]; !s.Until.IsZero() {
			add("before", "the text of "+moment(s.Created)+" is taken until "+moment(s.Until))
		}
	}
	for _, text := range balanceTexts(k.Balances) {
		add("left", text)
	}
	return lines
}

func printLines(w io.Writer, lines [][2]string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintf(w, "%-8s %s\n", l[0], clean(l[1])); err != nil {
			return err
		}
	}
	return nil
}

// kindOf is what a key is for.
func kindOf(k *keys.Key) string {
	if k.Role == key.Caller {
		return "callers"
	}
	return "admin " + clean(string(k.Role))
}

func quotaText(q *key.Quota) string {
	var all []string
	add := func(n int64, text, of string) {
		if n != 0 {
			all = append(all, text+" "+of)
		}
	}
	add(q.RPM, strconv.FormatInt(q.RPM, 10), "requests/min")
	add(q.TPM, strconv.FormatInt(q.TPM, 10), "tokens/min")
	add(q.PerDay, price.FormatNano(q.PerDay), "USD/day")
	add(q.PerMonth, price.FormatNano(q.PerMonth), "USD/month")
	if q.Shadow {
		all = append(all, "only counted")
	}
	return strings.Join(all, ", ")
}

func expiryText(k *keys.Key) string {
	if k.Expires.IsZero() {
		return "never"
	}
	return moment(k.Expires)
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func by(author string) string {
	if author == "" {
		return ""
	}
	return " by " + author
}
