package main

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/console/consoletest"
)

// TestPushAwaitsThePairs holds that a push says what the pairs made of it: a policy
// that is good here may be one that a pair cannot serve.
func TestPushAwaitsThePairs(t *testing.T) {
	second := revisionOf(t, secondPolicy)
	refusal := &xds.Refusal{Node: "pair-2", Type: "policy", Revision: second, Reason: "KEY is not set\x1b[31m"}
	const done = "revision SECOND------ is published; before it was FIRST-------\n"
	for _, c := range []struct {
		name  string
		fleet xds.Status
		want  printed
	}{
		{"nobody is connected", xds.Status{}, printed{out: done}},
		{"all have it", xds.Status{Pairs: []xds.PairStatus{{Revision: second}, {Revision: second}}}, printed{out: done + "taken by 2 of 2 pairs\n"}},
		{"one has not", xds.Status{Pairs: []xds.PairStatus{{Revision: second}, {Node: "pair-2", Revision: "0123"}}},
			printed{exitFault, done, "headgate: revision SECOND------ is published, but within 100ms taken by 1 of 2 pairs only, not by pair-2\n"}},
		{"one does not serve", xds.Status{Pairs: []xds.PairStatus{{Node: "pair-1", Revision: second, Trouble: "no Envoy is connected"}}},
			printed{out: done + "taken by 1 of 1 pair\npair-1 does not serve: no Envoy is connected\n"}},
		{"one has refused another", xds.Status{Pairs: []xds.PairStatus{{Revision: second, Refused: &xds.Refusal{Revision: "0123"}}}}, printed{out: done + "taken by 1 of 1 pair\n"}},
		{"one refuses it", xds.Status{Pairs: []xds.PairStatus{{Revision: "0123", Refused: refusal}, {Revision: second}}},
			printed{exitFault, done, "headgate: revision SECOND------ is taken by 1 of 2 pairs; the others stay with what they had, and ask again:\npair pair-2 refused the policy: KEY is not set\\x1b[31m\n"}},
		{"one refuses it and one is on its way", xds.Status{Pairs: []xds.PairStatus{{Node: "pair-2", Revision: "0123", Refused: refusal}, {Revision: second}, {Node: "pair-3"}}},
			printed{exitFault, done, "headgate: revision SECOND------ is published, but within 100ms taken by 1 of 3 pairs only, not by pair-2, pair-3\n"}},
		{"the group went back", xds.Status{Groups: []xds.GroupStatus{{Refused: refusal}}},
			printed{exitFault, done, "headgate: revision SECOND------ was refused: pair pair-2 refused the policy: KEY is not set\\x1b[31m\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newAdminRig(t)
			r.fleet = c.fleet
			r.write("p.yaml", secondPolicy)
			r.want(c.want, "policy", "push", "DIR/p.yaml", "--reason", "x", "--wait", "100ms")
		})
	}
}

// TestPushTellsOfALaterChange holds that a change which another one replaced is not said
// to be taken.
func TestPushTellsOfALaterChange(t *testing.T) {
	r := newAdminRig(t)
	third := strings.Replace(firstPolicy, "fast", "slow", 1)
	r.fleet = xds.Status{Pairs: []xds.PairStatus{{Revision: revisionOf(t, third)}}}
	r.serve(&replaced{Policies: r.policies, by: third})
	r.write("p.yaml", secondPolicy)
	r.want(printed{exitFault, "revision SECOND------ is published; before it was FIRST-------\n",
		"headgate: revision SECOND------ was replaced by " + revisionOf(t, third) + ", push of eve, before it was known to be taken\n"},
		"policy", "push", "DIR/p.yaml", "--reason", "x")
}

// replaced is a history in which somebody else makes another change after each.
type replaced struct {
	*consoletest.Policies
	by string
}

func (r *replaced) Push(p source.Proposal) (source.Change, error) {
	c, err := r.Policies.Push(p)
	if err == nil {
		_, err = r.Policies.Push(source.Proposal{Files: []policy.File{{Name: "p.yaml", Data: []byte(r.by)}}, Author: "eve", Reason: "faster"})
	}
	return c, err
}
