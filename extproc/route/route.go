// Package route is the stage that decides where an exchange goes: from the name
// that the client asks for to the policy's model and the Envoy route of its pool.
//
// The promise: a request leaves this stage with a route, or with a denial. The
// trap: Envoy chooses the route again only because the answer clears the route
// cache, and the header that it matches on must be overwritten, never added to.
package route

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// Stage routes exchanges by one policy. It is safe for concurrent use.
type Stage struct {
	models map[string]*plan
	near   func(string) string
	list   func(*exchange.Exchange) exchange.Verdict
}

// plan is what one model's exchanges have in common.
type plan struct {
	json, stream exchange.Route
	split        *split // nil: every caller goes through the chain in the same order
}

// Lister answers a request for the list of models.
type Lister func(*exchange.Exchange) exchange.Verdict

// New prepares the routes of a policy's models for a gateway in a region, which may be
// empty.
func New(set *policy.Set, region string, list Lister) *Stage {
	s := &Stage{models: make(map[string]*plan, len(set.Models)), list: list}
	names := make([]string, 0, len(set.Models))
	for name, m := range set.Models {
		names = append(names, name)
		r := exchange.Route{Model: name, Idle: m.IdleTimeout}
		if use, ok := m.Single(); ok {
			r.Single = true
			r.Backend, r.Provider, r.Serves = use.Backend.Name, use.Backend.Provider.Name, use.Model
		}
		p := &plan{json: r, stream: r, split: newSplit(m, region)}
		p.json.Name, p.stream.Name = policy.RouteName(name, false), policy.RouteName(name, true)
		s.models[name] = p
	}
	slices.Sort(names)
	s.near = func(asked string) string { return policy.Nearest(asked, names) }
	return s
}

// Name returns "route".
func (s *Stage) Name() string { return "route" }

// Join takes part in an exchange.
func (s *Stage) Join(ex *exchange.Exchange) exchange.Hooks {
	return exchange.Hooks{Request: func(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
		return s.request(ex, req), nil
	}}
}

func (s *Stage) request(ex *exchange.Exchange, req *exchange.Request) exchange.Verdict {
	if req.Operation == exchange.Models {
		return s.list(ex)
	}
	p, ok := s.models[req.Model]
	if !ok {
		return s.unknown(req.Model)
	}
	ex.Route = p.json
	if req.Stream {
		ex.Route = p.stream
	}
	req.Out.SetHeader(policy.RouteHeader, ex.Route.Name)
	if p.split != nil {
		req.Out.SetHeader(policy.SplitHeader, p.split.order(req))
	}
	return deadline(req)
}

func (s *Stage) unknown(asked string) exchange.Verdict {
	message := fmt.Sprintf("The model %q is not served by this gateway.", clip(asked))
	if near := s.near(asked); near != "" {
		message += fmt.Sprintf(" Did you mean %q?", near)
	}
	v := exchange.Denied(404, exchange.ReasonModelNotFound, message)
	v.Param = "model"
	return v
}

// clip bounds what a caller's own text may add to a message.
func clip(s string) string {
	if cut := exchange.Clip(s, 100); len(cut) < len(s) {
		return cut + "..."
	}
	return s
}

// TimeoutHeader is how a caller bounds the whole exchange, as a Go duration or in
// whole seconds.
const TimeoutHeader = "x-headgate-timeout"

// deadline hands the caller's own limit to Envoy, which enforces it.
func deadline(req *exchange.Request) exchange.Verdict {
	text := string(req.Headers.Get(TimeoutHeader))
	if text == "" {
		return exchange.Verdict{}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		var seconds int64
		seconds, err = strconv.ParseInt(text, 10, 32)
		d = time.Duration(seconds) * time.Second
	}
	if err != nil || d < time.Millisecond || d > 24*time.Hour {
		v := exchange.Denied(400, exchange.ReasonBadRequest, fmt.Sprintf("Header %s must be a duration from 1ms to 24h, such as 30s: got %q.", TimeoutHeader, clip(text)))
		v.Param = TimeoutHeader
		return v
	}
	req.Deadline = d
	req.Out.SetHeader("x-envoy-upstream-rq-timeout-ms", strconv.FormatInt(d.Milliseconds(), 10))
	return exchange.Verdict{}
}
