package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

// announce prints what a user needs next.
func announce(w io.Writer, g *app.Gateway) {
	set, change := g.Policy()
	base := set.Listen.URL() + "/v1"
	var b strings.Builder
	fmt.Fprintf(&b, "\nHeadgate is ready (policy revision %s).\n\n", set.Revision)
	fmt.Fprintf(&b, "  base URL   %s\n", base)
	fmt.Fprintf(&b, "  admin API  http://%s  (headgate status, headgate policy)\n", g.Admin())
	fmt.Fprintf(&b, "  operations http://%s  (/metrics /healthz /readyz /debug/pprof)\n", g.Operations())
	fmt.Fprintf(&b, "  records    %s\n", g.Records())
	if change.Origin != source.FromFile {
		fmt.Fprintf(&b, "  policy     the %s of %s is newer than %s: change the file, or take it back with headgate policy rollback\n", change.Origin, change.Author, g.PolicyPath())
	}
	for _, name := range g.Simulated() {
		fmt.Fprintf(&b, "  backend %s has no credential: the simulated provider answers for it\n", name)
	}
	if model := firstModel(set); model != "" {
		fmt.Fprintf(&b, "\nTry it:\n\n  curl -i %s/chat/completions -H 'content-type: application/json' \\\n%s"+
			"    -d '{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}'\n", base, keyLine(set), model)
		fmt.Fprintf(&b, "\nStreamed: add \"stream\":true to the body and -N to curl.\n\n")
	}
	fmt.Fprint(w, b.String())
}

// keyLine is what the command needs if the policy's callers need a key; empty: nothing.
func keyLine(set *policy.Set) string {
	if !set.HasCallers() || set.Anonymous {
		return ""
	}
	variable := "KEY"
	for _, name := range slices.Sorted(maps.Keys(set.Callers)) {
		if env := set.Callers[name].Key.Env; env != "" {
			variable = env
			break
		}
	}
	return "    -H \"authorization: Bearer $" + variable + "\" \\\n"
}

// firstModel is the first model by name; empty: there is none.
func firstModel(set *policy.Set) string {
	names := slices.Sorted(maps.Keys(set.Models))
	if len(names) == 0 {
		return ""
	}
	return names[0]
}
