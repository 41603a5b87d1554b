package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// announce prints what a user needs next.
func (g *gateway) announce() {
	base := "http://" + g.set.Listen.String() + "/v1"
	var b strings.Builder
	fmt.Fprintf(&b, "\nHeadgate is ready (policy revision %s).\n\n", g.set.Revision)
	fmt.Fprintf(&b, "  base URL   %s\n", base)
	fmt.Fprintf(&b, "  admin URL  http://%s  (/metrics /healthz /readyz /debug/pprof)\n", g.ops.addr)
	fmt.Fprintf(&b, "  records    %s\n", filepath.Join(g.options.data, "access.jsonl"))
	for _, name := range g.simulated {
		fmt.Fprintf(&b, "  backend %s has no credential: the simulated provider answers for it\n", name)
	}
	if model := g.firstModel(); model != "" {
		fmt.Fprintf(&b, "\nTry it:\n\n  curl -i %s/chat/completions -H 'content-type: application/json' \\\n"+
			"    -d '{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}'\n", base, model)
		fmt.Fprintf(&b, "\nStreamed: add \"stream\":true to the body and -N to curl.\n\n")
	}
	fmt.Fprint(g.out, b.String())
}

func (g *gateway) firstModel() string {
	names := make([]string, 0, len(g.set.Models))
	for name := range g.set.Models {
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}
