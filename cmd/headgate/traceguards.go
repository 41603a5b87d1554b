package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/headgate/headgate/xds/journal"
)

// printGuards prints what guards made of an exchange.
func printGuards(w io.Writer, all []journal.Guard) error {
	if len(all) == 0 {
		return nil
	}
	rows := make([][]string, len(all))
	for i := range all {
		g := &all[i]
		score := "-"
		if g.Score > 0 {
			score = fmt.Sprintf("%.2f", g.Score)
		}
		rows[i] = []string{clean(g.Guard), clean(g.Direction), orDash(g.Mode), orDash(g.Action), clean(g.Result), orDash(g.Reason), orDash(typesOf(g.Types)), score, inMillis(g.DurationMS)}
	}
	fmt.Fprintln(w)
	return printTable(w, "GUARD DIRECTION MODE ACTION RESULT REASON FOUND SCORE TOOK", rows)
}

// typesOf lists types with how often each was found.
func typesOf(all []journal.GuardType) string {
	list := make([]string, len(all))
	for i, t := range all {
		list[i] = fmt.Sprintf("%s×%d", t.Type, t.Count)
	}
	return strings.Join(list, ", ")
}
