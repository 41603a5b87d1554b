package snapshot

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hostsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	prioritiesv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/priority/previous_priorities/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy"
)

// Back-off between attempts. Within about ten milliseconds the mark of a 429 may not have
// reached the workers yet, and the same link would be asked again.
const (
	backOffBase = 25 * time.Millisecond
	backOffMax  = 250 * time.Millisecond
)

// choices is how often Envoy chooses anew if it has chosen an endpoint that the request has
// asked already. Where it chooses among two by chance, as when all are ejected, one retry in
// a hundred thousand still asks the same one.
const choices = 16

// routes are those of each model, for JSON answers and for streams, and the fall-through,
// which is matched first by every request: the router level then names the route and has
// it chosen again.
func routes(set *policy.Set, models map[string]*modelResources) (*routev3.RouteConfiguration, error) {
	host := &routev3.VirtualHost{
		Name:                          listenerName,
		Domains:                       []string{"*"},
		IncludeRequestAttemptCount:    true,
		IncludeAttemptCountInResponse: true,
		RequestBodyBufferLimit:        wrapperspb.UInt64(uint64(policy.Room(set.BodyLimit))),
		TypedPerFilterConfig:          map[string]*anypb.Any{routerFilter: turnedOn(set)},
	}
	if set.CORS.On() {
		host.TypedPerFilterConfig[corsFilter] = packed(corsPolicy(set.CORS))
	}
	host.Routes = unrouted(set)
	table := &routev3.RouteConfiguration{Name: routesName, VirtualHosts: []*routev3.VirtualHost{host}}
	if err := table.ValidateAll(); err != nil { // those of the models were checked with them
		return nil, fmt.Errorf("routes: %w", err)
	}
	last := host.Routes
	host.Routes = make([]*routev3.Route, 0, 4*len(models)+1)
	for _, name := range slices.Sorted(maps.Keys(models)) {
		host.Routes = append(host.Routes, models[name].routes...)
	}
	host.Routes = append(host.Routes, last...)
	return table, nil
}

// turnedOn turns a filter of the router level on. From it ext_proc learns by which policy the
// exchange will be routed: from here on Envoy keeps to one route table.
func turnedOn(set *policy.Set) *anypb.Any {
	return packed(&routev3.FilterConfig{Config: packed(&extprocv3.ExtProcPerRoute{Override: &extprocv3.ExtProcPerRoute_Overrides{Overrides: &extprocv3.ExtProcOverrides{
		GrpcInitialMetadata: []*corev3.HeaderValue{{Key: policy.ShapeHeader, Value: set.Shape}},
	}}})})
}

// unrouted are the fall-throughs: for large bodies, for those of which it is not said how large
// they are, or will be once they are unpacked, and for all else. They choose the router level's
// filter.
func unrouted(set *policy.Set) []*routev3.Route {
	toLarge := map[string]*anypb.Any{routerFilter: packed(&routev3.FilterConfig{Disabled: true}), largeFilter: turnedOn(set)}
	return []*routev3.Route{
		fallThrough(policy.UnroutedLarge, toLarge, &routev3.HeaderMatcher{Name: "content-length", HeaderMatchSpecifier: &routev3.HeaderMatcher_RangeMatch{
			RangeMatch: &typev3.Int64Range{Start: policy.LargeBody + 1, End: math.MaxInt64},
		}}),
		fallThrough(policy.UnroutedUnsaid, toLarge, headerIs(":method", "POST"), headerIsThere("content-length", false)),
		fallThrough(policy.UnroutedPacked, toLarge, headerIsThere("content-encoding", true)),
		fallThrough(policy.UnroutedRoute, nil),
	}
}

func headerIsThere(name string, there bool) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{Name: name, HeaderMatchSpecifier: &routev3.HeaderMatcher_PresentMatch{PresentMatch: there}}
}

func fallThrough(name string, filters map[string]*anypb.Any, headers ...*routev3.HeaderMatcher) *routev3.Route {
	return &routev3.Route{
		Name:  name,
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}, Headers: headers},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: nowhere},
		}},
		TypedPerFilterConfig: filters,
	}
}

// nameHost writes the Host header of a pool of one into its routes. For a pool of several
// the upstream level sets it in each attempt. With auto_host_rewrite Envoy would do it once
// there is a connection, which for a new one is after the egress filter: the provider would
// get x-envoy-original-host.
func nameHost(m *policy.Model, routes []*routev3.Route, o Options) error {
	use, single := m.Single()
	if !single {
		return nil
	}
	e, err := locate(use, o)
	if err != nil {
		return err
	}
	for _, r := range routes {
		r.GetRoute().HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: e.authority()}
	}
	return nil
}

// routesOf are the routes of a model to its pool, those first that want more of a pair: one
// of the release before does not ask for them. Of a pool of several, each comes twice, first
// with attempts that are judged by their first content, unless the policy wants them judged
// by their headers. That of whole answers comes twice if they may be made of streams.
func routesOf(m *policy.Model, pool string, folds bool, o Options) (all []*routev3.Route) {
	_, single := m.Single()
	for _, judged := range []bool{true, false} {
		if judged && (single || m.Judging == policy.JudgingHeaders) {
			continue
		}
		for _, folded := range []bool{true, false} {
			if folded && folds {
				all = append(all, demanding(route(m, pool, false, o), judged, true))
			}
			if !folded {
				all = append(all, demanding(route(m, pool, false, o), judged, false), demanding(route(m, pool, true, o), judged, false))
			}
		}
	}
	return all
}

// demanding makes a route one on which attempts are judged by content, or answers made of
// streams.
func demanding(r *routev3.Route, judged, folded bool) *routev3.Route {
	r.TypedPerFilterConfig = map[string]*anypb.Any{}
	if judged {
		r.Name += "/judged"
		r.Match.Headers = append(r.Match.Headers, headerIs(policy.JudgeHeader, policy.JudgeContent))
		r.TypedPerFilterConfig[upstreamFilter] = packed(byContent())
	}
	if folded {
		r.Name += "/folded"
		r.Match.Headers = append(r.Match.Headers, headerIs(policy.FoldHeader, policy.FoldStream))
		r.TypedPerFilterConfig[foldFilter] = packed(folding())
	}
	return r
}

func route(m *policy.Model, pool string, stream bool, o Options) *routev3.Route {
	name := policy.RouteName(m.Name, stream)
	action := &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: pool},
		Timeout:          durationpb.New(0), // streams have no bound; each attempt has its own clock
		IdleTimeout:      durationpb.New(m.Silence(o.stall)),
		RetryPolicy:      retryPolicy(m),
	}
	if _, single := m.Single(); !single {
		action.MetadataMatch = &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{policy.BalancerNamespace: fields(policy.FitKey, policy.FitAny)}}
	}
	return &routev3.Route{
		Name: name,
		Match: &routev3.RouteMatch{
			PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"},
			Headers:       []*routev3.HeaderMatcher{headerIs(policy.RouteHeader, name)},
		},
		Action: &routev3.Route_Route{Route: action},
		Metadata: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
			policy.MetadataNamespace: fields(policy.ModelKey, m.Name),
		}},
	}
}

func headerIs(name, value string) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{
		Name: name,
		HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Exact{Exact: value},
		}},
	}
}

// retryPolicy is the rule of a chain: a 5xx, a reset, a refused connection and a timeout
// are tried again on the link and then on the next one. A 429 is tried again only if there
// is another backend: the upstream level's mark sends it there at once. A per-try idle
// timeout would never act: the per-try timeout cancels it when it expires.
func retryPolicy(m *policy.Model) *routev3.RetryPolicy {
	p := &routev3.RetryPolicy{
		RetryOn:       "5xx,reset,connect-failure,refused-stream",
		NumRetries:    wrapperspb.UInt32(uint32(m.Attempts() - 1)),
		PerTryTimeout: durationpb.New(m.PerTry()),
		RetryBackOff:  &routev3.RetryPolicy_RetryBackOff{BaseInterval: durationpb.New(backOffBase), MaxInterval: durationpb.New(backOffMax)},
	}
	if _, single := m.Single(); single {
		p.RetryOn += ",retriable-status-codes"
		p.RetriableStatusCodes = []uint32{408}
		return p
	}
	p.RetryOn += ",retriable-status-codes,retriable-headers"
	p.RetriableStatusCodes = []uint32{408, 429}
	p.RetriableHeaders = []*routev3.HeaderMatcher{headerIs(policy.AgainHeader, "1")}
	p.RetryPriority = &routev3.RetryPolicy_RetryPriority{
		Name: "envoy.retry_priorities.previous_priorities",
		ConfigType: &routev3.RetryPolicy_RetryPriority_TypedConfig{TypedConfig: packed(
			&prioritiesv3.PreviousPrioritiesConfig{UpdateFrequency: int32(m.InARow())})},
	}
	p.RetryHostPredicate = []*routev3.RetryPolicy_RetryHostPredicate{{
		Name:       "envoy.retry_host_predicates.previous_hosts",
		ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{TypedConfig: packed(&hostsv3.PreviousHostsPredicate{})},
	}}
	p.HostSelectionRetryMaxAttempts = choices
	return p
}

// fields makes a struct of text from keys and values in turn.
func fields(pairs ...string) *structpb.Struct {
	s := &structpb.Struct{Fields: make(map[string]*structpb.Value, len(pairs)/2)}
	for i := 0; i+1 < len(pairs); i += 2 {
		s.Fields[pairs[i]] = structpb.NewStringValue(pairs[i+1])
	}
	return s
}
