package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/journal"
)

func newTail() *cobra.Command {
	var a adminFlags
	var asked exchanges.Asked
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Follow exchanges as they end",
		Long: `Print exchanges as they end, from now on, of all pairs and control planes that share the
database, until it is interrupted. While the control plane is away it waits, and then
goes on where it was. With -o json it prints one object on a line.

  headgate tail --failed
  headgate tail --model assistant --slower 10s -o json

Exit codes: 0 interrupted, 1 refused,` + usageCode,
		Args: cobra.NoArgs,
	}
	filter := filterFlags(cmd, &asked)
	cmd.RunE = a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
		filter()
		t := &tail{api: api, asked: &asked, out: cmd.OutOrStdout(), log: cmd.ErrOrStderr(), json: a.output == "json"}
		err := t.run(cmd.Context())
		if cmd.Context().Err() != nil {
			return nil
		}
		return err
	})
	a.register(cmd)
	return cmd
}

// tail prints what comes.
type tail struct {
	api      *client.Client
	asked    *exchanges.Asked
	out, log io.Writer
	json     bool
	away     bool // the control plane is
}

// between is how long it waits for a control plane that is away.
const between = time.Second

// run asks until its context ends, or the first call fails, or a call is refused.
func (t *tail) run(ctx context.Context) error {
	for {
		p, err := t.api.Tail(ctx, t.asked)
		switch {
		case err == nil:
			t.back()
			if t.asked.Cursor == "" && !t.json {
				err = t.print(strings.Fields(exchangeHeader))
			}
			t.asked.Cursor = p.Next
			if err := errors.Join(err, t.all(p.Exchanges)); err != nil {
				return err
			}
		case t.asked.Cursor == "" || ctx.Err() != nil || !passes(err):
			return err
		case !t.away:
			t.away = true
			fmt.Fprintf(t.log, "the control plane does not answer (%s): waiting for it\n", clean(err.Error()))
			fallthrough
		default:
			select {
			case <-time.After(between):
			case <-ctx.Done():
			}
		}
	}
}

// passes reports whether an error may be over later.
func passes(err error) bool {
	var refused *console.Failure
	return !errors.As(err, &refused) || errors.Is(err, console.Unavailable) || errors.Is(err, console.TimedOut) || errors.Is(err, console.Internal)
}

func (t *tail) back() {
	if t.away {
		t.away = false
		fmt.Fprintln(t.log, "the control plane answers again")
	}
}

func (t *tail) all(list []journal.Exchange) error {
	for i := range list {
		if !t.json {
			if err := t.print(lineOf(&list[i])); err != nil {
				return err
			}
			continue
		}
		text, err := json.Marshal(&list[i])
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(t.out, inertJSON(string(text))); err != nil {
			return err
		}
	}
	return nil
}

// widths are those of the columns: what comes later is not known.
var widths = []int{20, 26, 14, 9, 6, 20, 16, 16, 7, 7, 12, 0}

func (t *tail) print(cells []string) error {
	var b strings.Builder
	for i, c := range cells {
		fmt.Fprintf(&b, "%-*s  ", widths[i], c)
	}
	_, err := fmt.Fprintln(t.out, strings.TrimRight(b.String(), " "))
	return err
}
