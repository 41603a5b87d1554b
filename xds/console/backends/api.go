// Package backends is the part of the admin API that acts on backends, and changes no policy.
package backends

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/pair"
)

// Policies say which policy is in effect, as source.Source.
type Policies interface {
	Latest() *policy.Set
}

// Pairs forget what they found out, as pair.Server.
type Pairs interface {
	Forget(ctx context.Context, backend string) pair.Forgotten
}

// Unknown is a backend that the policy in effect does not have.
var Unknown = &console.Kind{Code: "unknown_backend", Status: http.StatusNotFound, When: "the policy in effect does not have the backend"}

// Order is who resets a backend, and why.
type Order struct {
	Author string `json:"author"`
	Reason string `json:"reason"`
}

// Reset says what became of it.
type Reset struct {
	Backend   string `json:"backend"`
	Pairs     int    `json:"pairs"`     // that have forgotten
	Silent    int    `json:"silent"`    // that have not said so
	Elsewhere int    `json:"elsewhere"` // of other control planes
	Things    int    `json:"things"`    // that the pairs had found out
}

// Prefix is what the routes are mounted under.
const Prefix = "backends"

// Routes act on the backends of a policy at the pairs.
func Routes(policies Policies, pairs Pairs, log *zap.Logger) []console.Route {
	return []console.Route{{Method: "POST", Path: "/{name}/reset", Right: console.Change, Action: "backend.reset", Body: "`{author, reason}`",
		Answer: "`{backend, pairs, silent, elsewhere, things}`: every pair forgets what it found out of the backend by asking it (limits that were reached, credentials that were refused, that it refuses to stream), and asks it again at once. `pairs` have said that they have, `silent` have not, because they are of a version before or did not answer in 3 s; the `elsewhere` of other control planes hear of it within 2 s; `things` is how many were forgotten. What an Envoy has ejected comes back by itself",
		Fails:  []*console.Kind{Unknown},
		Handle: func(call *console.Call) (any, error) {
			name := call.PathValue("name")
			var by Order
			if err := call.Decode(&by); err != nil {
				return nil, err
			}
			author, reason := call.By.Author(by.Author), strings.TrimSpace(by.Reason)
			call.Propose("backend "+name, author, reason)
			if author == "" || reason == "" {
				return nil, console.BadRequest.New("a reset needs an author and a reason")
			}
			if policies.Latest().Backends[name] == nil {
				return nil, Unknown.New("the policy in effect has no backend %q", name)
			}
			done := pairs.Forget(call.Context(), name)
			log.Info("a backend is reset", zap.String("backend", name), zap.String("author", author), zap.String("reason", reason),
				zap.Int("pairs", done.Pairs), zap.Strings("silent", done.Silent), zap.Int("elsewhere", done.Elsewhere), zap.Int("things", done.Things))
			call.Changed("", fmt.Sprintf("forgotten at %d pairs", done.Pairs))
			return Reset{Backend: name, Pairs: done.Pairs, Silent: len(done.Silent), Elsewhere: done.Elsewhere, Things: done.Things}, nil
		},
	}}
}
