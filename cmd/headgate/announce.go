package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/headgate/headgate/cmd/headgate/app"
	"github.com/headgate/headgate/policy/loopback"
	"github.com/headgate/headgate/policy/source"
)

// announce prints what a user needs next.
func announce(w io.Writer, g *app.Gateway) {
	set, change := g.Policy()
	var b strings.Builder
	fmt.Fprintf(&b, "\nHeadgate is ready (policy revision %s).\n\n", set.Revision)
	fmt.Fprintf(&b, "  base URL   %s/v1\n", set.Listen.URL())
	fmt.Fprintf(&b, "  admin API  http://%s  (headgate status, headgate policy)\n", g.Admin())
	paths := "/metrics /metrics/envoy /healthz /readyz"
	if local, err := loopback.HostPort(g.Operations().String()); err == nil && local {
		paths += " /debug/pprof"
	}
	fmt.Fprintf(&b, "  operations http://%s  (%s)\n", g.Operations(), paths)
	fmt.Fprintf(&b, "  records    %s\n", g.Records())
	if change.Origin != source.FromFile {
		fmt.Fprintf(&b, "  policy     the %s of %s is newer than %s: change the file, or take it back with headgate policy rollback\n", change.Origin, change.Author, g.PolicyPath())
	}
	for _, name := range g.Simulated() {
		fmt.Fprintf(&b, "  backend %s has no credential: the simulated provider answers for it\n", name)
	}
	b.WriteString(tryIt(set))
	fmt.Fprint(w, b.String())
}
