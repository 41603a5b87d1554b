package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/keys"
	"github.com/headgate/headgate/xds/key"
)

func newKeyRevoke(a *adminFlags) *cobra.Command {
	var c keyChange
	cmd := &cobra.Command{
		Use:   "revoke KEY",
		Short: "End a key at once and for good",
		Long:  "End a key at once and for good: every gateway refuses it within a second." + refusedCodes,
		Args:  cobra.ExactArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			k, err := api.RevokeKey(cmd.Context(), args[0], c.Change)
			return a.printKey(cmd, &k, err)
		}),
	}
	c.register(cmd)
	return cmd
}

func newKeyExpire(a *adminFlags) *cobra.Command {
	var c keyChange
	cmd := &cobra.Command{
		Use:     "expire KEY never|WHEN",
		Short:   "Say when a key expires",
		Long:    "Say when a key expires: " + expiryHelp + ",\nor never. One that has expired can be given a later time." + refusedCodes,
		Example: "  headgate key expire ci 90d",
		Args:    cobra.ExactArgs(2),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			when := args[1]
			if when == "never" {
				when = ""
			} else if when == "" {
				return fmt.Errorf("when it expires is %s, or never", expiryHelp)
			}
			at, err := expiryOf(when, time.Now())
			if err != nil {
				return err
			}
			k, err := api.ExpireKey(cmd.Context(), args[0], keys.Expiry{Expires: at, Change: c.Change})
			return a.printKey(cmd, &k, err)
		}),
	}
	c.register(cmd)
	return cmd
}

func newKeyAssign(a *adminFlags) *cobra.Command {
	var c keyChange
	var at attributeFlags
	cmd := &cobra.Command{
		Use:   "assign KEY",
		Short: "Give a caller's key another user, team, tier, models, tags or quota",
		Long: "Give a caller's key another user, team, tier, models, tags or quota. What no flag names\n" +
			"stays; an empty text or 0 takes a thing away." + refusedCodes,
		Example: "  headgate key assign ci --tier pro --team ''",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			k, err := api.Key(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := at.apply(cmd, &k.Attributes); err != nil {
				return err
			}
			k, err = api.AssignKey(cmd.Context(), k.ID, keys.Assignment{Attributes: k.Attributes, Change: c.Change})
			return a.printKey(cmd, &k, err)
		}),
	}
	c.register(cmd)
	at.register(cmd)
	return cmd
}

// attributeFlags are the flags of a caller's attributes.
type attributeFlags struct {
	of               key.Attributes
	perDay, perMonth string // USD
}

func (f *attributeFlags) register(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringVar(&f.of.User, "user", "", "user to whom its requests are charged (default: whom they name)")
	s.StringVar(&f.of.Team, "team", "", "team whose quota it shares")
	s.StringVar(&f.of.Tier, "tier", "", "tier of the policy whose quota it has")
	s.StringArrayVar(&f.of.Models, "model", nil, "model that it may ask for; again: and that one (default: all)")
	s.StringArrayVar(&f.of.Tags, "tag", nil, "tag of its records; again: and that one")
	s.Int64Var(&f.of.Quota.RPM, "rpm", 0, "requests per minute at most, beside its tier's; 0: no bound, as for all that follow")
	s.Int64Var(&f.of.Quota.TPM, "tpm", 0, "tokens per minute at most")
	s.StringVar(&f.perDay, "usd-per-day", "", "USD per day at most, such as 0.50")
	s.StringVar(&f.perMonth, "usd-per-month", "", "USD per month at most")
	s.BoolVar(&f.of.Quota.Shadow, "shadow", false, "count what its quota would refuse, and refuse nothing")
}

// apply sets what flags name.
func (f *attributeFlags) apply(cmd *cobra.Command, to *key.Attributes) error {
	q := &f.of.Quota
	for name, budget := range map[string]struct {
		usd  string
		nano *int64
	}{"usd-per-day": {f.perDay, &q.PerDay}, "usd-per-month": {f.perMonth, &q.PerMonth}} {
		if budget.usd == "" {
			continue
		}
		var err error
		if *budget.nano, err = price.ParseNano(budget.usd); err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
	}
	for name, set := range map[string]func(){
		"user": func() { to.User = f.of.User }, "team": func() { to.Team = f.of.Team }, "tier": func() { to.Tier = f.of.Tier },
		"model": func() { to.Models = given(f.of.Models) }, "tag": func() { to.Tags = given(f.of.Tags) },
		"rpm": func() { to.Quota.RPM = q.RPM }, "tpm": func() { to.Quota.TPM = q.TPM },
		"usd-per-day": func() { to.Quota.PerDay = q.PerDay }, "usd-per-month": func() { to.Quota.PerMonth = q.PerMonth },
		"shadow": func() { to.Quota.Shadow = q.Shadow },
	} {
		if cmd.Flags().Changed(name) {
			set()
		}
	}
	return nil
}

// given are the values of a flag; one empty text is none.
func given(all []string) []string {
	if len(all) == 1 && all[0] == "" {
		return nil
	}
	return all
}
