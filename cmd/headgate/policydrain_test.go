package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/console/consoletest"
)

func TestBackendsAreDrainedAndTakenBack(t *testing.T) {
	r := adminRigOf(t, consoletest.At(t, time.Date(2126, 3, 1, 12, 0, 0, 0, time.UTC), splitPolicy))
	const entry = "backends.a: drained, by ann since 2126-03-01T12:01:00Z: maintenance"
	r.wantOverlaid(printed{out: "revision LAID is published; before it was SPLIT\noverlay " + entry + "\n"}, "policy", "drain", "a", "--reason", "maintenance")
	r.fleet = xds.Status{Overlay: r.policies.Overlay(), Undrained: []string{"n"}}
	got := r.overlaid("status")
	if want := "\noverlay\n  " + entry + "\n  models.n: all of its chain is drained, so that none of it is\n"; !strings.Contains(got.out, want) {
		t.Errorf("the status is %+v", got)
	}
	r.wantOverlaid(printed{out: "revision SPLIT is published; before it was LAID\n"}, "policy", "undrain", "a", "--reason", "over")
	for line, want := range map[string]string{
		"policy drain a":                          "a change needs a reason: --reason",
		"policy drain a/ --reason x":              `"a/": must be BACKEND or BACKEND/MODEL`,
		"policy drain a --for 0s --reason x":      "--for must be above 0, is 0s",
		"policy drain a --model n --reason x":     "models.n: the policy has no such model",
		"policy drain a/x --model m2 --reason x":  "models.m2: the policy has no such model",
		"policy undrain a --reason x":             "backends.a: nobody has drained it",
		"policy drain nobody --reason x":          "backends.nobody: backend \"nobody\" is not defined",
		"policy undrain a/x --model m --reason x": `models.m["a/x"]: nobody has drained it`,
		"policy drain a/y --reason x":             `backends["a/y"]: no chain has it`,
	} {
		if got := r.run(strings.Split(line, " ")...); got.code == 0 || !strings.Contains(got.out+got.err, want) {
			t.Errorf("%s: %+v, want %s", line, got, want)
		}
	}
}
