package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/journal"
)

func newCacheWhy() *cobra.Command {
	var a adminFlags
	var limit int
	cmd := &cobra.Command{
		Use:   "why EXCHANGE|ENTRY",
		Short: "Explain what the cache made of an exchange, or list who was given an entry",
		Long: `Explain in words what the cache made of an exchange: whether its answer came from there,
of which entry and so of which exchange it is, how similar both questions are, by which
rules they differ, what was saved, and why the answer was not kept.

Of an entry it says which exchange its answer was given to first, and lists those that
were given it since, or would have been, of the last 31 days, the newest first.

  headgate cache why 01K5M0C4Z8Q3V7T2N9X6R1B0DE

Exit codes: 0 done, 1 refused or unknown,` + usageCode,
		Args: cobra.ExactArgs(1),
	}
	cmd.RunE = a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
		if limit < 1 {
			return fmt.Errorf("--limit must be above 0, is %d", limit)
		}
		e, unknown := api.Trace(cmd.Context(), args[0])
		if unknown == nil {
			x := explanation{e.Exchange, e.Cache, whyOf(e.Cache)}
			return a.print(cmd, x, func() error { return printWhy(cmd.OutOrStdout(), &x) })
		}
		if !errors.Is(unknown, exchanges.Unknown) {
			return unknown
		}
		u, err := usesOf(cmd, api, args[0], limit)
		switch {
		case err != nil:
			return err
		case u.Source == "" && len(u.Given) == 0:
			return unknown
		}
		return a.print(cmd, u, func() error { return printUses(cmd.OutOrStdout(), u) })
	})
	a.register(cmd)
	cmd.Flags().IntVar(&limit, "limit", 50, "of an entry, list so many exchanges")
	return cmd
}

// explanation is what the cache made of an exchange, in words, too.
type explanation struct {
	Exchange string         `json:"exchange"`
	Cache    *journal.Cache `json:"cache"` // null: it had nothing to do with the cache
	Why      []string       `json:"why"`
}

func printWhy(w io.Writer, x *explanation) error {
	for _, sentence := range x.Why {
		if _, err := fmt.Fprintln(w, clean(sentence)); err != nil {
			return err
		}
	}
	return nil
}

// entryUses is what became of an entry.
type entryUses struct {
	Entry  string             `json:"entry"`
	Source string             `json:"source"` // the exchange that its answer was given to first; empty: that is not known
	Given  []journal.Exchange `json:"given"`  // those that were given it, or would have been
	More   bool               `json:"more"`   // there are more of them
}

// usesOf asks which exchanges have to do with an entry.
func usesOf(cmd *cobra.Command, api *client.Client, entry string, limit int) (*entryUses, error) {
	asked := func(results ...string) *exchanges.Asked {
		return &exchanges.Asked{Is: map[string][]string{"entry": {entry}, "cache": results}, Since: "31d"} // no entry is kept for longer
	}
	given, err := pages(cmd, api, asked("hit", "semantic_hit", "coalesced", "shadow_hit", "verified"), limit)
	if err != nil {
		return nil, err
	}
	u := &entryUses{Entry: entry, Given: []journal.Exchange{}, More: given.Next != ""}
	for _, e := range given.Exchanges {
		if e.Cache.Entry == entry {
			u.Given, u.Source = append(u.Given, e), e.Cache.Source
		} else {
			u.Source = e.Exchange
		}
	}
	if u.Source != "" {
		return u, nil
	}
	rest, err := pages(cmd, api, asked("miss", "bypassed"), perCall)
	if err != nil {
		return nil, err
	}
	for _, e := range rest.Exchanges {
		if e.Cache.Stored == entry {
			u.Source = e.Exchange
		}
	}
	return u, nil
}

func printUses(w io.Writer, u *entryUses) error {
	text := "Entry " + u.Entry + " holds the answer that was first given to exchange " + u.Source + "."
	if u.Source == "" {
		text = "Entry " + u.Entry + " holds an answer; the exchange that it was first given to is not known."
	}
	if len(u.Given) == 0 {
		text += " No other was given it."
	}
	if _, err := fmt.Fprintln(w, clean(text)); err != nil {
		return err
	}
	var rows [][]string
	for i := range u.Given {
		e := &u.Given[i]
		rows = append(rows, []string{e.Time.UTC().Format("2006-01-02T15:04:05Z"), clean(e.Exchange), clean(e.Cache.Result), similarityOf(e.Cache), shortened(orDash(e.Model)), orDash(e.Caller), orDash(e.Cache.Verdict)})
	}
	if err := printUnder(w, "TIME EXCHANGE RESULT SIMILARITY MODEL CALLER VERDICT", rows); err != nil || !u.More {
		return err
	}
	_, err := fmt.Fprintln(w, "(there are more: name a higher --limit)")
	return err
}
