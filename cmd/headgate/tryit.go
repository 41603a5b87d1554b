package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/wildcard"
)

// trial is a request by which a user sees that the gateway answers: who asks, and how curl
// proves that.
type trial struct {
	models []string // that may be asked for; none: all
	flags  []string
	notes  []string // what the user has to put in
}

// tryIt is the command for it; empty: the policy has no model.
func tryIt(set *policy.Set) string {
	t := newTrial(set)
	model := t.model(set)
	if model == "" {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nTry it:\n\n  curl -i %s/v1/chat/completions -H 'content-type: application/json' \\\n", set.Listen.URL())
	for _, flag := range t.flags {
		fmt.Fprintf(&b, "    %s \\\n", flag)
	}
	fmt.Fprintf(&b, "    -d '{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}'\n\n", model)
	for _, note := range t.notes {
		fmt.Fprintln(&b, note)
	}
	fmt.Fprint(&b, "Streamed: add \"stream\":true to the body and -N to curl.\n\n")
	return b.String()
}

// model is one that may be asked for: of the policy, and else a name of a wildcard; empty: there is
// none.
func (t *trial) model(set *policy.Set) string {
	granted := func(name, model string) bool {
		return len(t.models) == 0 || slices.ContainsFunc(t.models, func(of string) bool {
			return of == name || of == model || wildcard.Match(of, name)
		})
	}
	var names, more []string
	for _, listed := range set.Listed() {
		switch {
		case granted(listed.Name, listed.Model) && listed.Name == listed.Model:
			names = append(names, listed.Name)
		case granted(listed.Name, listed.Model):
			more = append(more, listed.Name)
		}
	}
	for _, m := range set.Models {
		if of := set.Example(m).Name; m.Wildcard && granted(of, m.Name) {
			more = append(more, of)
		}
	}
	for _, of := range t.models {
		if set.Models[of] == nil && set.Answering(of) != nil {
			more = append(more, of)
		}
	}
	switch {
	case len(names) > 0:
		return slices.Min(names)
	case len(more) > 0:
		return slices.Min(more)
	}
	return ""
}

func newTrial(set *policy.Set) (t trial) {
	var certified string // whose certificate has to be shown
	switch {
	case !set.HasCallers() || set.Anonymous: // anybody may ask
	case len(set.Callers) == 0 && !set.ManagedKeys:
		t.flags = append(t.flags, "-H '"+set.Trusted.Caller+": NAME'")
		t.notes = append(t.notes, "NAME: any. It is believed if this machine is the hop that the policy trusts.")
	default:
		certified = t.prove(easiest(set))
	}
	tls := set.Listen.TLS
	if certified != "" || tls.ClientCA != "" && tls.ClientCertificate == policy.ClientCertificateRequired {
		t.flags = append(t.flags, "--cert CLIENT.crt --key CLIENT.key")
		t.notes = append(t.notes, "CLIENT.crt: a certificate"+certified+" that "+tls.ClientCA+" verifies.")
	}
	if tls.On() {
		t.notes = append(t.notes, "If curl does not trust the gateway's certificate, name its authority: --cacert FILE. It has to name the host that is asked.")
	}
	return t
}

// prove has the request come from a caller, or if that is nil from one with a key of the control
// plane. If the caller has no key, it says whose certificate is needed.
func (t *trial) prove(c *policy.Caller) (certified string) {
	if c == nil {
		t.bear("$KEY")
		t.notes = append(t.notes, "KEY: one that headgate key create has made.")
		return ""
	}
	t.models = c.Models
	switch {
	case c.Key.Env != "":
		t.bear("$" + c.Key.Env)
	case c.Key.File != "":
		t.bear("$(cat '" + strings.ReplaceAll(c.Key.File, "'", `'\''`) + "')")
	case c.Key.SHA256 != "":
		t.bear("$KEY")
		t.notes = append(t.notes, "KEY: that of caller "+c.Name+", of which the policy has the hash.")
	default:
		return " of " + c.Certificate
	}
	return ""
}

// bear has the request show a key, which the shell finds.
func (t *trial) bear(key string) {
	t.flags = append(t.flags, `-H "authorization: Bearer `+key+`"`)
}

// easiest is the caller whose proof is found with the least effort; nil: the policy names none.
func easiest(set *policy.Set) *policy.Caller {
	var best *policy.Caller
	for _, name := range slices.Sorted(maps.Keys(set.Callers)) {
		if c := set.Callers[name]; best == nil || effort(c) < effort(best) {
			best = c
		}
	}
	return best
}

// effort is how far from this terminal a caller's proof is.
func effort(c *policy.Caller) int {
	switch {
	case c.Key.Env != "":
		return 0
	case c.Key.File != "":
		return 1
	case c.Key.SHA256 != "":
		return 2
	}
	return 3
}
