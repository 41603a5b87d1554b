package fleet_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/store"
)

func TestStatus(t *testing.T) {
	policies, pairs := consoletest.New(t, "version: 1\n"), xds.Status{}
	database := store.Status{Kind: "sqlite", Place: "headgate.db", Trouble: "disk full", Since: consoletest.Start}
	api := consoletest.Mounted(t, fleet.Prefix, fleet.Routes(policies, func() xds.Status { return pairs }, func() store.Status { return database }, fleet.Seen{}))
	current := policies.Current()
	current.Files = nil
	ask := func(want fleet.Status) consoletest.Answer {
		t.Helper()
		got := api.Ask("GET", "/api/v1/status", nil)
		if diff := cmp.Diff(want, consoletest.Want[fleet.Status](t, got, 200)); diff != "" {
			t.Errorf("the status (-want +got):\n%s", diff)
		}
		return got
	}
	got := ask(fleet.Status{Store: database, Policy: current, Groups: []xds.GroupStatus{}, Pairs: []xds.PairStatus{}})
	if !strings.Contains(string(got.Body), `"refused":null,"groups":[],"pairs":[]`) {
		t.Errorf("lists and a missing refusal are not written out: %s", got.Body)
	}
	nack := &xds.Refusal{Node: "n2", Type: "listener", Revision: current.Revision, Reason: "port taken", At: consoletest.Start}
	pairs = xds.Status{
		Groups: []xds.GroupStatus{{Cluster: "headgate", Region: "eu", Revision: current.Revision, LastGood: "0123456789ab", Refused: nack}},
		Pairs:  []xds.PairStatus{{Node: "n2", Cluster: "headgate", Region: "eu", Connected: consoletest.Start, Refused: nack}},
	}
	faulty := []policy.File{{Name: "policy.yaml", Data: []byte("version: 2\n")}}
	if _, err := policies.Push(source.Proposal{Files: faulty, Author: "ann", Reason: "less"}); err == nil {
		t.Fatal("a faulty policy took effect")
	}
	refused := policies.Refused()
	ask(fleet.Status{Store: database, Policy: current, Refused: refused, Groups: pairs.Groups, Pairs: pairs.Pairs})
	if refused == nil || !strings.HasPrefix(refused.Reason, "policy.yaml:1:10 version: ") {
		t.Errorf("the refused change is %+v", refused)
	}
}
