package crash

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestRowsWaitForAControlPlaneThatTakesThem holds that a pair under a control plane of the
// release before, which takes no rows, keeps them until it is upgraded, and again if it is
// downgraded meanwhile. Clients notice nothing.
func TestRowsWaitForAControlPlaneThatTakesThem(t *testing.T) {
	t.Parallel()
	before := gatewaytest.Release(t)
	r := newRig(t)
	f := r.startFleet(gatewaytest.FleetOptions{Policy: ofBefore(r.policy()), Env: env, XDSBinary: before})
	for seed, binary := range []string{"", before, ""} {
		asking := r.start(newPlan(uint64(seed), 1, 1))
		f.XDS[0].Kill()
		f.XDS[0].Binary = binary
		f.StartXDS(0)
		f.Pairs[0].AwaitLink()
		asking.Wait()
	}
	db := openSQLite(t, filepath.Join(f.Dir, "xds-1", "headgate.db"))
	r.judge(db)
	checkCosts(t, db, gatewaytest.NewOperator(t, f.XDS[0].Admin))
}

// TestAPairIsUpgradedAndTakenBack holds that a pair of the release before, which makes no
// rows for the journal, serves under this version's control plane, and that what this version
// has kept beside its state is neither lost by it nor in its way.
func TestAPairIsUpgradedAndTakenBack(t *testing.T) {
	t.Parallel()
	before := gatewaytest.Release(t)
	r := newRig(t)
	f := r.startFleet(gatewaytest.FleetOptions{Policy: ofBefore(r.policy()), Env: env})
	pair, control := f.Pairs[0], f.XDS[0]
	control.Kill() // what ends now waits at the pair
	r.start(newPlan(1, 1, 1)).Wait()
	for _, binary := range []string{before, ""} {
		pair.ExtProc.Terminate()
		pair.Binary = binary
		f.StartExtProc(pair)
		f.AwaitAnswer(pair)
	}
	f.StartXDS(0)
	r.start(newPlan(2, 1, 1)).Wait()
	r.judge(openSQLite(t, filepath.Join(f.Dir, "xds-1", "headgate.db")))
}

// laterModels are those of the policy that the release before cannot read.
var laterModels = regexp.MustCompile(`(?m)^  \S+: .*(first_token|ask): .*\n`)

// ofBefore is a policy without them.
func ofBefore(policy string) string { return laterModels.ReplaceAllString(policy, "") }
