package processes

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/xds/journal"
)

// releaseVariable names the commit of the release that is upgraded; make upgrade sets it.
const releaseVariable = "HEADGATE_RELEASE"

// TestUpgrade holds that the processes of another release are replaced by those of this version, the
// control plane before the pair and after it, under 50 requests per second of which none fails, and
// that each exchange has one row. A release whose ext_proc server does not hand over its socket is
// upgraded beside a second pair, to which clients go meanwhile.
func TestUpgrade(t *testing.T) {
	commit := os.Getenv(releaseVariable)
	if commit == "" {
		t.Skip("make upgrade RELEASE=<commit> plays it")
	}
	before := gatewaytest.ReleaseAt(t, commit)
	help, _, _ := gatewaytest.RunBinary(t, before, "extproc", "--help")
	pair, args := (*replaced).besideASecondPair, []string(nil)
	if strings.Contains(help, "--share-port") {
		pair, args = (*replaced).inPlace, []string{"--share-port"}
	}
	for name, steps := range map[string][]func(*replaced, *gatewaytest.Load){
		"control plane first": {(*replaced).controlPlane, pair},
		"pair first":          {pair, (*replaced).controlPlane},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startReplacedOf(t, before, args...)
			load := gatewaytest.StartLoadAt(t, r.pair, 50, 4, r.wholeOrAgain)
			load.More(50)
			for _, step := range steps {
				step(r, load)
				load.More(50)
			}
			load.Stop()
			t.Logf("of %d requests none failed, %d were sent again", len(r.seen), r.again.Load())
			r.checkRows()
		})
	}
}

// controlPlane ends the control plane and starts another one.
func (r *replaced) controlPlane(*gatewaytest.Load) {
	x := r.fleet.XDS[0]
	x.Stop(r.t, syscall.SIGTERM)
	x.Binary = ""
	r.fleet.StartXDS(0)
	r.pair.AwaitLink()
}

// inPlace has another ext_proc server take over, and then another Envoy.
func (r *replaced) inPlace(load *gatewaytest.Load) {
	r.pair.Binary = ""
	old := r.replace()
	load.More(50)
	if code := old.Exited(r.t); code != 0 {
		r.t.Errorf("exit code %d:\n%s", code, old.Log())
	}
	r.fleet.ReplaceEnvoy(r.pair)
}

// besideASecondPair has a second pair answer while the first is ended and started again.
func (r *replaced) besideASecondPair(load *gatewaytest.Load) {
	second := r.fleet.AddPair()
	second.Binary = ""
	r.fleet.StartExtProc(second)
	r.fleet.StartEnvoy(second)
	r.fleet.AwaitAnswer(second)
	load.MoveTo(second)
	if text, code := r.pair.DrainEnvoy("--quiet", "1s"); code != 0 {
		r.t.Fatal(text)
	}
	r.pair.ExtProc.Stop(r.t, syscall.SIGTERM)
	r.pair.Binary = ""
	if err := os.Remove(r.fleet.Bootstrap(r.pair)); err != nil {
		r.t.Fatal(err)
	}
	r.fleet.StartExtProc(r.pair)
	r.fleet.StartEnvoy(r.pair)
	r.fleet.AwaitAnswer(r.pair)
	load.MoveTo(r.pair)
}

// checkRows holds that each exchange that was answered whole has one row.
func (r *replaced) checkRows() {
	r.t.Helper()
	var rows map[string]journal.Exchange
	missing := func() (ids []string) {
		rows = r.outcomes()
		for id := range r.seen {
			if rows[id].Outcome != "ok" {
				ids = append(ids, id)
			}
		}
		return ids
	}
	deadline := time.Now().Add(20 * time.Second)
	for left := missing(); len(left) > 0; left = missing() {
		if time.Now().After(deadline) {
			r.t.Fatalf("%d of %d exchanges have no row, or another: %s", len(left), len(r.seen), fmt.Sprintf("%s %+v", left[0], rows[left[0]]))
		}
		time.Sleep(100 * time.Millisecond)
	}
}
