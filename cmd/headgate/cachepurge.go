package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/purges"
)

// purgeCodes says how a purge ends.
const purgeCodes = "\n\nExit codes: 0 done, 1 a pair has not said that it has forgotten, or refused," + usageCode

func newCachePurge() *cobra.Command {
	var a adminFlags
	var o purges.Order
	var yes bool
	cmd := &cobra.Command{
		Use:   "purge [--id ID]... [--caller NAME] [--team NAME] [--model NAME] [--prompt NAME] [--tag TAG] | --all [-y]",
		Short: "Have every pair forget answers in the cache",
		Long: `Have every pair forget answers in the cache that were stored until now, in memory and in
Redis: those of which all holds that the flags name, or with --all every one. Pairs that are
linked do so at once, those of other control planes on one PostgreSQL within a second, and
those that are away when they are back. headgate cache purges lists what is in effect.

The policy's cache.epoch is a purge, too: raise it, and no answer of before counts, as soon
as the policy is in effect.` + purgeCodes,
		Example: "  headgate cache purge --model faq --reason 'the terms have changed'\n" +
			"  headgate cache purge --team search --tag nightly\n" +
			"  headgate cache purge --all -y",
		Args: cobra.NoArgs,
		RunE: a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
			named := len(o.IDs) > 0 || o.Caller+o.Team+o.Model+o.Prompt+o.Tag != ""
			switch {
			case o.All && named:
				return errors.New("--all is every answer: name nothing else beside it")
			case !o.All && !named:
				return errors.New("name which answers are to be forgotten: --id, --caller, --team, --model, --prompt, --tag, or --all")
			case o.All && !yes && !confirmed(cmd, "Every pair forgets every answer in the cache. Go on? [y/N] "):
				return &exitError{exitFault, errors.New("nothing is purged: confirm it, or say -y")}
			}
			return a.purge(cmd, api, o)
		}),
	}
	a.register(cmd)
	orderFlags(cmd, &o)
	f := cmd.Flags()
	f.StringArrayVar(&o.IDs, "id", nil, "id of an entry, as x-headgate-cache-key of an answer names it; again: or that one")
	f.StringVar(&o.Caller, "caller", "", "those that were first given to this caller")
	f.StringVar(&o.Team, "team", "", "those that were first given to a caller of this team")
	f.StringVar(&o.Model, "model", "", "those of this model of the policy")
	f.StringVar(&o.Prompt, "prompt", "", "those to requests with this prompt")
	f.StringVar(&o.Tag, "tag", "", "those to requests with this tag")
	f.BoolVar(&o.All, "all", false, "every one")
	f.BoolVarP(&yes, "yes", "y", false, "do not ask before --all")
	return cmd
}

func newCacheEvict() *cobra.Command {
	var a adminFlags
	var o purges.Order
	cmd := &cobra.Command{
		Use:     "evict ID...",
		Short:   "Have every pair forget one answer in the cache, or several, by their ids",
		Long:    "Have every pair forget one answer in the cache, or several, by the ids of their entries." + purgeCodes,
		Example: "  headgate cache evict 01JZ8Q4C7T3V5W6X7Y8Z9A0B1C --reason 'a user says it is wrong'",
		Args:    cobra.MinimumNArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			o.IDs = args
			return a.purge(cmd, api, o)
		}),
	}
	a.register(cmd)
	orderFlags(cmd, &o)
	return cmd
}

func orderFlags(cmd *cobra.Command, o *purges.Order) {
	cmd.Flags().StringVar(&o.Reason, "reason", "", "why, for headgate audit")
	cmd.Flags().StringVar(&o.Author, "author", whoami(), "who, for headgate audit")
}

// confirmed asks a question, and reports whether it is answered with yes.
func confirmed(cmd *cobra.Command, question string) bool {
	fmt.Fprint(cmd.ErrOrStderr(), question)
	answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n') // an error is no yes
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// purge has a purge made, and prints what became of it.
func (a *adminFlags) purge(cmd *cobra.Command, api *client.Client, o purges.Order) error {
	m, err := api.PurgeCache(cmd.Context(), o)
	if err != nil {
		return err
	}
	err = a.print(cmd, m, func() error {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), purgeText(&m))
		return err
	})
	if err == nil && len(m.Silent) > 0 {
		return &exitError{exitFault, nil}
	}
	return err
}

// purgeText says what became of a purge.
func purgeText(m *purges.Made) string {
	text := fmt.Sprintf("purge %s is in effect at %d of %s", clean(m.Purge.ID), m.Pairs, counted(m.Pairs+len(m.Silent), "pair"))
	if m.Entries == 1 {
		text += ", which had 1 entry in memory"
	} else {
		text += fmt.Sprintf(", which had %d entries in memory", m.Entries)
	}
	if len(m.Silent) > 0 {
		text += "\n" + clean(strings.Join(m.Silent, ", ")) + " did not say so: of a version before, or not in time"
	}
	if m.Elsewhere > 0 {
		text += fmt.Sprintf("\n%s of other control planes will hear of it within a second", counted(m.Elsewhere, "pair"))
	}
	return text
}
