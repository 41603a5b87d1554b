package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/keys"
	"github.com/headgate/headgate/xds/key"
)

func newKey() *cobra.Command {
	var a adminFlags
	cmd := group("key", "Make, list, rotate and revoke keys: callers', and those of the admin API")
	cmd.Long = `Make, list, rotate and revoke keys: those that callers ask with, where the policy says
managed_keys: true, and those of the admin API (--role). A key is named by its name or its id.`
	managed := []*cobra.Command{newKeyCreate(&a), newKeyList(&a), newKeyShow(&a), newKeyRotate(&a), newKeyRevoke(&a), newKeyExpire(&a), newKeyAssign(&a)}
	for _, c := range managed {
		a.register(c)
	}
	cmd.AddCommand(append(managed, newKeyHash())...)
	return cmd
}

// keyChange are the flags of the commands that change a key.
type keyChange struct{ keys.Change }

func (c *keyChange) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.Reason, "reason", "", "why, for headgate audit")
	cmd.Flags().StringVar(&c.Author, "author", whoami(), "who, for headgate audit")
}

// expiryHelp says what expiryOf reads.
const expiryHelp = "a time such as 2027-01-31 or 2027-01-31T12:00:00Z, or a duration from now such as 90d or 12h"

// expiryOf reads when a key expires; empty: never.
func expiryOf(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := lifeOf(text); err == nil && d > 0 {
		return now.Add(d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no expiry: it is %s", text, expiryHelp)
}

// lifeOf reads a duration, of days, too.
func lifeOf(text string) (time.Duration, error) {
	days, ok := strings.CutSuffix(text, "d")
	if !ok {
		return time.ParseDuration(text)
	}
	var n int
	if _, err := fmt.Sscanf(days+"\n", "%d\n", &n); err != nil || n < 0 || n > 36500 || fmt.Sprint(n) != days {
		return 0, errors.New("no number of days")
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

func newKeyCreate(a *adminFlags) *cobra.Command {
	var c keyChange
	var at attributeFlags
	var role, expires string
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a key, and print it: it is shown this once",
		Long: "Make a key, and print it: it is shown this once. With --role it is a key of the admin\n" +
			"API: read sees everything, write changes everything, too." + refusedCodes,
		Example: "  headgate key create ci --tier free --expires 90d\n" +
			"  headgate key create search --team search --model assistant --usd-per-month 20\n" +
			"  headgate key create dashboard --role read",
		Args: cobra.ExactArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			of := keys.Creation{Spec: key.Spec{Name: args[0], Role: key.Role(role)}, Change: c.Change}
			var err error
			if of.Expires, err = expiryOf(expires, time.Now()); err != nil {
				return fmt.Errorf("--expires: %w", err)
			}
			if err := at.apply(cmd, &of.Attributes); err != nil {
				return err
			}
			made, err := api.CreateKey(cmd.Context(), of)
			if err != nil {
				return err
			}
			return a.print(cmd, made, func() error { return printMade(cmd.OutOrStdout(), &made) })
		}),
	}
	c.register(cmd)
	at.register(cmd)
	cmd.Flags().StringVar(&role, "role", "", "read or write: a key of the admin API (default: a caller's)")
	cmd.Flags().StringVar(&expires, "expires", "", "when it expires: "+expiryHelp+" (default: never)")
	return cmd
}

func newKeyRotate(a *adminFlags) *cobra.Command {
	var c keyChange
	var overlap string
	cmd := &cobra.Command{
		Use:   "rotate KEY",
		Short: "Make another text of a key, and print it: it is shown this once",
		Long: "Make another text of a key, and print it: it is shown this once. The one before is taken\n" +
			"for the overlap, in which those that use it can be given the new one." + refusedCodes,
		Example: "  headgate key rotate ci --overlap 24h",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			d, err := lifeOf(overlap)
			if err != nil || d < 0 {
				return fmt.Errorf("--overlap: %q is no duration, such as 24h or 7d", overlap)
			}
			made, err := api.RotateKey(cmd.Context(), args[0], keys.Rotation{Overlap: d.String(), Change: c.Change})
			if err != nil {
				return err
			}
			return a.print(cmd, made, func() error { return printMade(cmd.OutOrStdout(), &made) })
		}),
	}
	c.register(cmd)
	cmd.Flags().StringVar(&overlap, "overlap", "24h", "how long the text before is taken, such as 24h or 7d; 0s: not at all")
	return cmd
}
