package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/fleet"
)

// lookAgain is how often the pairs are asked after while one is on its way.
const lookAgain = 50 * time.Millisecond

// await waits until every connected pair has a revision and says so; nothing if none
// is connected. It is an error, with the pairs' words, if some refuse it once all others
// have it, or if all go back, and one if another change replaces it or the time is over.
func (c *changeFlags) await(ctx context.Context, api *client.Client, revision string) (pairs string, err error) {
	deadline := time.Now().Add(c.wait)
	for {
		s, err := api.Status(ctx)
		if err != nil {
			return "", err
		}
		if why := wentBack(s, revision); why != nil {
			return "", &exitError{exitFault, fmt.Errorf("revision %s was refused: %s", clean(revision), clean(why.Error()))}
		}
		if now := s.Policy; now.Revision != revision {
			return "", &exitError{exitFault, fmt.Errorf("revision %s was replaced by %s, %s, before it was known to be taken",
				clean(revision), clean(now.Revision), clean(now.By()))}
		}
		missing, refusals := without(s, revision), refusalsOf(s, revision)
		switch all := len(s.Pairs); {
		case all == 0:
			return "", nil
		case len(refusals) > 0 && len(refusals) == len(missing):
			return "", &exitError{exitFault, fmt.Errorf("revision %s is taken by %d of %s; the others stay with what they had, and ask again:\n%s",
				clean(revision), all-len(missing), counted(all, "pair"), strings.Join(refusals, "\n"))}
		case len(missing) == 0 || c.wait == 0:
			return fmt.Sprintf("taken by %d of %s", all-len(missing), counted(all, "pair")) + troubles(s), nil
		case time.Now().After(deadline):
			return "", &exitError{exitFault, fmt.Errorf("revision %s is published, but within %s taken by %d of %s only, not by %s",
				clean(revision), c.wait, all-len(missing), counted(all, "pair"), clean(strings.Join(missing, ", ")))}
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// without names the connected pairs that do not have a revision.
func without(s fleet.Status, revision string) (nodes []string) {
	for _, p := range s.Pairs {
		if p.Revision != revision {
			nodes = append(nodes, p.Node)
		}
	}
	return nodes
}

// troubles names the pairs that do not serve, whatever they have taken.
func troubles(s fleet.Status) (text string) {
	for _, p := range s.Pairs {
		if p.Trouble != "" && !p.Serves {
			text += "\n" + clean(p.Node) + " does not serve: " + clean(p.Trouble)
		}
	}
	return text
}

// refusalsOf says in the words of each pair that refused a revision why it did.
func refusalsOf(s fleet.Status, revision string) (all []string) {
	for _, p := range s.Pairs {
		if p.Revision != revision && p.Refused != nil && p.Refused.Revision == revision {
			all = append(all, clean(p.Refused.Error()))
		}
	}
	return all
}

// wentBack returns why a group of pairs went back from a revision.
func wentBack(s fleet.Status, revision string) *xds.Refusal {
	for _, g := range s.Groups {
		if g.Refused != nil && g.Refused.Revision == revision {
			return g.Refused
		}
	}
	return nil
}
