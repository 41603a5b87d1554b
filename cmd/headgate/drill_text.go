package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/headgate/headgate/envoy/drill"
)

// printDrill prints a line for each fault, that of its slowest play, and one for each
// verdict if its plays differ.
func printDrill(w io.Writer, r *drill.Report) error {
	fmt.Fprintf(w, "model %s, drilled in %s\n\n", r.Model, r.Took.Round(time.Second))
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "FAULT\tASKED\tVERDICT\tTIME\tCLIENT SAW\tBILLED\tATTEMPTS")
	besides := 0
	for _, f := range r.Faults {
		what := f.What
		if f.Beside {
			besides++
			what = "+ " + what
		}
		for _, v := range slices.Backward(drill.Verdicts) {
			if slowest, ways := of(r.Of(f.Name), v); slowest != nil {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", what, ways, v, seconds(slowest.Took), slowest.Saw,
					orDash(bills(slowest.Billed)), orDash(attempts(slowest)))
				what = ""
			}
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if besides < len(r.Faults) {
		fmt.Fprintln(w, summary("the suite", r, false))
	}
	if besides > 0 {
		fmt.Fprintln(w, summary("beside it (+)", r, true))
	}
	return nil
}

// of returns the slowest of the plays with a verdict, and how those were asked.
func of(plays []drill.Result, v drill.Verdict) (slowest *drill.Result, ways string) {
	var all []string
	for i := range plays {
		p := &plays[i]
		if p.Verdict != v {
			continue
		}
		all = append(all, p.Way)
		if slowest == nil || p.Took > slowest.Took {
			slowest = p
		}
	}
	if len(all) == len(plays) && len(all) > 1 {
		return slowest, "all ways"
	}
	return slowest, strings.Join(all, ", ")
}

func summary(of string, r *drill.Report, beside bool) string {
	var parts []string
	total := 0
	for _, v := range drill.Verdicts {
		n := r.Count(v, beside)
		total += n
		parts = append(parts, fmt.Sprintf("%d %s", n, v))
	}
	return fmt.Sprintf("%s: %s of %s", of, strings.Join(parts, ", "), counted(total, "fault"))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

// bills adds up what each backend is paid for, in tokens.
func bills(all []drill.Bill) string {
	var names []string
	sums := make(map[string][2]int)
	for _, b := range all {
		name, _, _ := strings.Cut(b.Use, "/")
		if _, ok := sums[name]; !ok {
			names = append(names, name)
		}
		sums[name] = [2]int{sums[name][0] + b.Input, sums[name][1] + b.Output}
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d+%d", name, sums[name][0], sums[name][1])
	}
	return strings.Join(names, ", ")
}

// attempts writes the attempts of one request in their order, and of several requests how
// many there were of each kind.
func attempts(p *drill.Result) string {
	var kinds []string
	count := make(map[int]int)
	for _, a := range p.Attempts {
		at := len(kinds) - 1
		if text := attempt(a); p.Asked > 1 {
			at = slices.Index(kinds, text)
		} else if at >= 0 && kinds[at] != text {
			at = -1
		}
		if at < 0 {
			at, kinds = len(kinds), append(kinds, attempt(a))
		}
		count[at]++
	}
	for i := range kinds {
		if count[i] > 1 {
			kinds[i] += fmt.Sprintf(" ×%d", count[i])
		}
	}
	return strings.Join(kinds, ", ")
}

// attempt says how one attempt went, such as "gpt 503" or "gpt 200 cut".
func attempt(a drill.Attempt) string {
	backend, _, _ := strings.Cut(a.Use, "/")
	words := []string{backend}
	if a.Status > 0 {
		words = append(words, fmt.Sprint(a.Status))
	}
	if a.Ended != "complete" {
		words = append(words, a.Ended)
	}
	return strings.TrimSpace(strings.Join(words, " "))
}
