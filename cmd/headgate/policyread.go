package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/policies"
)

func newPolicyShow(a *adminFlags) *cobra.Command {
	var canonical, document bool
	cmd := &cobra.Command{
		Use:   "show [REVISION]",
		Short: "Print the policy in effect, or that of a revision, as it was written",
		Long: "Print the policy in effect, or that of a revision, as it was written, and below it in\n" +
			"comments what lies over it: see headgate policy weight. With --canonical, what it\n" +
			"means: with the weights that lie over it, or without them, with --document." + askCodes,
		Args: cobra.MaximumNArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			revision := ""
			if len(args) > 0 {
				revision = args[0]
			}
			if document && !canonical {
				return errors.New("--document is for --canonical: without it the document is printed anyway")
			}
			c, err := api.Find(cmd.Context(), revision)
			if err != nil {
				return err
			}
			if canonical {
				return printCanonical(cmd, api, c, document)
			}
			laid, err := overlayLines(cmd.Context(), api, c, revision == "")
			if err != nil {
				return err
			}
			return a.print(cmd, c, func() error {
				if err := printFiles(cmd.OutOrStdout(), c.Files); err != nil {
					return err
				}
				return printOverlay(cmd.OutOrStdout(), c, laid)
			})
		}),
	}
	cmd.Flags().BoolVar(&canonical, "canonical", false, "print what it means instead: JSON without what equals its default")
	cmd.Flags().BoolVar(&document, "document", false, "with --canonical: without what lies over it")
	return cmd
}

// printCanonical prints a canonical form, and says on the error output which of two it is.
func printCanonical(cmd *cobra.Command, api *client.Client, c source.Change, document bool) error {
	ask := api.Canonical
	if document {
		ask = api.CanonicalDocument
	}
	form, err := ask(cmd.Context(), c.Revision)
	if err != nil {
		return err
	}
	switch {
	case c.Document == "":
	case document:
		fmt.Fprintf(cmd.ErrOrStderr(), "document %s, without what lies over it in revision %s\n", clean(c.Document), clean(c.Revision))
	default:
		fmt.Fprintf(cmd.ErrOrStderr(), "revision %s: document %s with what lies over it\n", clean(c.Revision), clean(c.Document))
	}
	return printFiles(cmd.OutOrStdout(), []policy.File{{Data: form}})
}

// printFiles prints files byte for byte, unless to a terminal, which would act on
// some of the bytes.
func printFiles(w io.Writer, files []policy.File) error {
	for _, f := range files {
		if len(files) > 1 {
			fmt.Fprintf(w, "# file: %s\n", clean(f.Name))
		}
		text := string(f.Data)
		if isTerminal(w) {
			text = escape(text, "\n\t")
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		if !bytes.HasSuffix(f.Data, []byte("\n")) {
			fmt.Fprintln(w)
		}
	}
	return nil
}

func newPolicyHistory(a *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "history",
		Short: "List every change of the policy, the latest first",
		Long: "List every change of the policy, the latest first: who made it, why, and whether the\n" +
			"pairs have taken it." + askCodes,
		Args: cobra.NoArgs,
		RunE: a.run(func(cmd *cobra.Command, _ []string, api *client.Client) error {
			all, err := api.History(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(cmd, all, func() error {
				var rows [][]string
				for _, c := range all {
					rows = append(rows, []string{strconv.Itoa(c.Number), clean(c.Revision), c.At.UTC().Format(time.RFC3339),
						clean(string(c.Origin)), orDash(c.Author), orDash(c.Reason), fate(c)})
				}
				return printTable(cmd.OutOrStdout(), "NUMBER REVISION AT ORIGIN AUTHOR REASON PAIRS", rows)
			})
		}),
	}
}

// fate says what pairs made of a change, as far as is known.
func fate(c source.Change) string {
	switch {
	case c.Rejected != "" && c.Taken:
		return "taken, but refused: " + clean(c.Rejected)
	case c.Rejected != "":
		return "refused: " + clean(c.Rejected)
	case c.Taken:
		return "taken"
	}
	return "-"
}

func newPolicyDiff(a *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "diff FILE|DIR",
		Short: "Show what a push would change, by meaning",
		Long:  "Show what a push would change, by meaning: comments, order and defaults that are\nwritten out do not count. What lies over the policy in effect is listed with what\nwould become of it. Nothing changes." + askCodes,
		Args:  cobra.ExactArgs(1),
		RunE: a.run(func(cmd *cobra.Command, args []string, api *client.Client) error {
			files, err := filesToSend(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			d, err := api.Diff(cmd.Context(), files)
			if err != nil {
				return atPaths(args[0], err)
			}
			return a.print(cmd, d, func() error { return printDiff(cmd.OutOrStdout(), d) })
		}),
	}
}

func printDiff(w io.Writer, d policies.Diff) error {
	if len(d.Changes) == 0 {
		_, err := fmt.Fprintf(w, "no difference to revision %s, which is in effect\n", clean(d.From))
		return err
	}
	fmt.Fprintf(w, "revision %s, which is in effect, to %s\n", clean(d.From), clean(d.To))
	for _, c := range d.Changes {
		path, from, to := clean(c.Path), clean(string(c.From)), clean(string(c.To))
		switch c.Kind {
		case policies.Added:
			fmt.Fprintf(w, "+ %s: %s\n", path, to)
		case policies.Removed:
			fmt.Fprintf(w, "- %s: %s\n", path, from)
		default:
			fmt.Fprintf(w, "~ %s: %s -> %s\n", path, from, to)
		}
	}
	printOverlayDiff(w, d.Overlay)
	return nil
}
