package gatewaytest

import (
	"path/filepath"
	"strings"
	"testing"
)

// Operator gives headgate commands to one admin API.
type Operator struct {
	t     *testing.T
	admin string
	dir   string // of the files that are pushed
}

// NewOperator makes one who asks the admin API at an address, host:port.
func NewOperator(t *testing.T, admin string) *Operator {
	return &Operator{t: t, admin: admin, dir: t.TempDir()}
}

// Says runs a command and fails the test if it does not end with a code, or does
// not print all of the texts.
func (o *Operator) Says(code int, args []string, texts ...string) string {
	o.t.Helper()
	stdout, stderr, got := Run(o.t, append(args, "--admin", o.admin)...)
	all := stdout + stderr
	if got != code {
		o.t.Errorf("headgate %s: exit code %d, want %d: %s", strings.Join(args, " "), got, code, all)
	}
	for _, text := range texts {
		if !strings.Contains(all, text) {
			o.t.Errorf("headgate %s does not say %q: %s", strings.Join(args, " "), text, all)
		}
	}
	return all
}

// Push pushes a policy with further arguments.
func (o *Operator) Push(code int, policy string, args []string, texts ...string) {
	o.t.Helper()
	path := filepath.Join(o.dir, "pushed.yaml")
	Overwrite(o.t, path, policy)
	o.Says(code, append([]string{"policy", "push", path, "--author", "ann", "--reason", "cheaper models"}, args...), texts...)
}

// Operator is one who asks the gateway's admin API, at the address that it printed.
func (g *Gateway) Operator(t *testing.T) *Operator {
	t.Helper()
	_, after, _ := strings.Cut(g.Log(), "admin API  http://")
	admin, _, ok := strings.Cut(after, " ")
	if !ok {
		t.Fatalf("the gateway names no admin API: %s", g.Log())
	}
	return NewOperator(t, admin)
}
