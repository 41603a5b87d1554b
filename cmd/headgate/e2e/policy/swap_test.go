package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// linked are the files of a policy that differ by k and are refused if one of them is another k's.
func linked(k int, url string) (backends, models string) {
	return fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  b%d: {provider: openai-compatible, url: %q}\n", k, url),
		fmt.Sprintf("version: 1\nmodels:\n  m: b%d/v%d\n", k, k)
}

// TestAConfigMapIsSwappedUnderLoad swaps the folder of a policy a hundred times, as the kubelet
// does, while requests and streams go on: each policy is taken, none is read half, and every answer
// is that of the policy which it names.
func TestAConfigMapIsSwappedUnderLoad(t *testing.T) {
	t.Parallel()
	const swaps = 100
	s := gatewaytest.NewEditions(t, 0)
	revisions := make([]string, swaps+1)
	for k := range revisions {
		backends, models := linked(k, s.URLs[0])
		revisions[k] = gatewaytest.RevisionOf(t, backends+strings.TrimPrefix(models, "version: 1\n"))
		s.Revisions[revisions[k]] = k
	}
	mount := newFolder(t)
	mount.swap(linked(0, s.URLs[0]))
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{PolicyFolder: mount.path})
	pair := f.Pairs[0]
	l := gatewaytest.StartLoad(t, pair, 5, s.Whole(t))
	for k := 1; k <= swaps; k++ {
		mount.swap(linked(k, s.URLs[0]))
		mount.drop(k)
		pair.AwaitPolicy(revisions[k])
	}
	pair.AwaitRevision(revisions[swaps])
	l.Stop()
	pair.CheckRevisionsKnown()
	for result, want := range map[string]float64{"changed": swaps, "refused": 0} {
		if n := f.XDS[0].Metric(`headgate_policy_changes_total{result="` + result + `"}`); n != want {
			t.Errorf("%g changes are %s, want %g: %s", n, result, want, f.XDS[0].Log())
		}
	}
}

// drop removes the folder before the one of the n-th swap, as the kubelet does after it.
func (f *folder) drop(n int) {
	f.t.Helper()
	if err := os.RemoveAll(filepath.Join(f.path, fmt.Sprintf("..version-%d", n))); err != nil {
		f.t.Fatal(err)
	}
}
