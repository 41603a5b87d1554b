package agent

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// TestOldFault holds that what Envoy refuses again, unchanged in the next revision, is
// reported as an old fault, so that the other pairs do not go back.
func TestOldFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plane := newControl(t)
		p := newPair(t, "", plane)
		p.envoy(refuse(resourcev3.ListenerType, "gateway", "port taken"))
		plane.publish(revision(t, "r1", "s1", "a=1"))
		plane.publish(revision(t, "r2", "s2", "a=2"))
		want := []string{"listener: port taken", "policy: listener: port taken (old)"}
		if got := plane.refused(); !slices.Equal(got, want) {
			t.Errorf("the control plane is told %q, want %q", got, want)
		}
		if p.Revision() != "" {
			t.Errorf("the pair claims to serve %q", p.Revision())
		}
	})
}

// TestOldFaultOfAPool is the same for clusters, which are always sent together: the fault is
// an old one if Envoy names a pool that the revision in effect has, too.
func TestOldFaultOfAPool(t *testing.T) {
	for before, want := range map[string]string{
		"pool/gone=1": "cluster: no file for pool/gone (old)",
		"pool/lost=1": "cluster: no file for pool/gone",
	} {
		synctest.Test(t, func(t *testing.T) {
			plane := newControl(t)
			p := newPair(t, "", plane)
			plane.publish(revision(t, "r1", "s1", before))
			time.Sleep(awaitEnvoy)
			p.envoy(refuse(resourcev3.ClusterType, "pool/", "no file for pool/gone"))
			plane.publish(revision(t, "r2", "s2", "pool/gone=1 pool/c=1"))
			if got := plane.refused(); !slices.Equal(got, []string{want}) {
				t.Errorf("after %s the control plane is told %q, want %q", before, got, want)
			}
		})
	}
}
