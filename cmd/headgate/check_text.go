package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/advice"
)

const headersNote = `
At worst every provider is silent before its headers, so that every attempt times out, and
a new connection takes up to %s more in each: no link is left before its time is over. A
timeout ends with the response headers: those of a stream come at its beginning, those
of a JSON answer mostly at its end. If they come sooner, a silence after them ends
in an error, not in another attempt. An answer of which a byte comes now and then has
no bound but total and the caller's deadline (x-headgate-timeout).
`

// explainChains prints a block for each group of equal models and then the advice, a line
// each, the warnings last.
func explainChains(w io.Writer, path string, groups []advice.Group, found []advice.Finding) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, g := range groups {
		c := g.Chain
		fmt.Fprintf(table, "\n%s: an answer begins, or an error comes, within %s (%s of %s); a whole JSON answer or an error within %s\n",
			g.Title(), advice.Span(c.Begins), counted(c.Attempts, "attempt"), advice.Span(c.Timeout), advice.Span(c.Worst))
		for i, l := range c.Links {
			fmt.Fprintf(table, "  chain[%d]\t%s\t%s\n", i, turn(l), uses(l))
		}
		if c.Attempts > 1 {
			fmt.Fprintf(table, "  sooner: %s\n", strings.Join(c.Sooner, "; "))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(groups) > 0 {
		fmt.Fprintf(w, headersNote, advice.Span(policy.ConnectTimeout))
	}
	if len(found) > 0 {
		fmt.Fprintln(w)
	}
	for _, f := range found {
		at := path
		if f.File != "" {
			at = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Col)
		}
		fmt.Fprintf(w, "%s: %s\n", at, f)
	}
	return nil
}

// turn says when a link is asked.
func turn(l advice.Link) string {
	if l.Reached == 0 {
		return "at once"
	}
	return "after at most " + advice.Span(l.Reached)
}

// uses names what a link asks, with weights where there is a choice.
func uses(l advice.Link) string {
	if len(l.Uses) == 1 {
		return useName(l.Uses[0])
	}
	words := make([]string, len(l.Uses))
	for i, u := range l.Uses {
		words[i] = fmt.Sprintf("%s (weight %d)", useName(u), u.Weight)
	}
	return strings.Join(words, ", ")
}

// useName writes a use as the policy does.
func useName(u policy.Use) string { return u.Backend.Name + "/" + u.Model }
