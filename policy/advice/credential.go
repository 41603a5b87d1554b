package advice

import "github.com/headgate/headgate/policy"

// NotSet notes that a credential is not set in some environment, of a backend that may do
// without. It says which fault that would be of another backend, and what serves instead:
// others is how many may take its place.
func NotSet(c policy.PlacedCredential, fault string, others int) Advice {
	instead := "the simulated provider answers in the place of the backend"
	if others > 0 {
		instead = "the backend has the other one alone"
	}
	f := c.Fault(fault+", so that "+instead, "")
	a := give(Simulated, f.Path, "", "%s", f.Message)
	a.File, a.Line, a.Col = f.File, f.Line, f.Col
	return a
}
