// Package console is the admin API of the control plane: what is in effect, what
// was, what the fleet takes, and how to change it.
//
// The promise: a change is whole or none, and says who, why and against what it was
// made. The trap: nobody signs in. The port must be loopback, and what a browser
// could be tricked into sending is refused; who may reach the port may change the
// policy.
package console

import (
	"net/http"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
)

// Policies is the history of policies with the one in effect at its end. All
// methods are safe for concurrent use.
type Policies interface {
	// Latest returns the policy in effect, in its compiled form.
	Latest() *policy.Set
	// Current returns the change that brought the policy in effect.
	Current() source.Change
	// History returns every change that took effect.
	History() []source.Change
	// Find returns the latest change to a revision, or source.ErrUnknownRevision.
	Find(revision string) (source.Change, error)
	// Push brings a policy into effect. It returns *policy.Faults where it has some,
	// and source.ErrConflict where another revision is in effect than expected.
	Push(source.Proposal) (source.Change, error)
	// Rollback brings an earlier revision into effect again. The files of the
	// proposal are not read. It returns the errors of Find and Push.
	Rollback(revision string, p source.Proposal) (source.Change, error)
	// Refused returns the latest change that did not take effect, nil where one did
	// since.
	Refused() *source.Refusal
}

// Options are what the API shows and steers. All are required.
type Options struct {
	Policies Policies
	Fleet    func() xds.Status
	// Compile compiles the files of a policy and changes nothing. Its error is
	// *policy.Faults where they have some.
	Compile func([]policy.File) (*policy.Set, error)
}

// api answers requests.
type api struct{ Options }

// route answers one kind of request with a value that becomes JSON.
type route func(http.ResponseWriter, *http.Request) (any, error)

// New returns the handler of everything below /api/v1/. Its server must bound the
// time of a request, and listen on loopback only.
func New(o Options) http.Handler {
	a := &api{o}
	mux := http.NewServeMux()
	for path, methods := range map[string]map[string]route{
		"/api/v1/policy":                    {"GET": a.current, "PUT": asJSON(a.push)},
		"/api/v1/policy/history":            {"GET": a.history},
		"/api/v1/policy/history/{revision}": {"GET": a.find},
		"/api/v1/policy/rollback":           {"POST": asJSON(a.rollback)},
		"/api/v1/policy/diff":               {"POST": asJSON(a.diff)},
		"/api/v1/status":                    {"GET": a.status},
	} {
		for method, r := range methods {
			mux.Handle(method+" "+path, answered(r))
		}
		mux.Handle(path, answered(notAllowed(methods)))
	}
	mux.Handle("/", answered(notFound))
	return guarded(mux)
}
