package fleet

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestABackendIsDrained holds that what people drain is asked for no new request, that it
// stays so when the control plane is replaced, that it fails no request, and that a pair
// of the release before goes along.
func TestABackendIsDrained(t *testing.T) {
	t.Parallel()
	for name, binary := range map[string]string{"this version": "", "a pair of the release before": gatewaytest.Release(t)} {
		t.Run(name, func(t *testing.T) {
			s := startSplitting(t, gatewaytest.FleetOptions{PairBinary: binary})
			x := s.XDS[0]
			before := s.users()
			stop := s.curl()
			s.change(x, "drain", "a", "--for", "1h")
			s.onlyC("drained")
			x.Kill()
			s.StartXDS(0)
			s.Pairs[0].AwaitLink()
			s.onlyC("drained, under a new control plane")
			if status := x.Status(); !strings.Contains(status, "backends.a: drained, by ann since ") || !strings.Contains(status, ": test") {
				t.Errorf("the status is\n%s", status)
			}
			gatewaytest.NewOperator(t, x.Admin).Says(1, []string{"policy", "drain", "b", "--author", "ann", "--reason", "test"}, `backend "b" is not defined`)
			s.change(x, "undrain", "a")
			same(t, "taken back", before, s.users())
			stop()
		})
	}
}
