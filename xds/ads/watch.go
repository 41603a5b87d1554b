package ads

import (
	"context"
	"maps"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/policy/policypb"
)

var _ cachev3.Cache = (*Hub)(nil)

// CreateDeltaWatch implements cache.Cache: it answers at once if the client lacks
// something, else as soon as it does.
func (h *Hub) CreateDeltaWatch(r *cachev3.DeltaRequest, sub cachev3.Subscription, out chan cachev3.DeltaResponse) (func(), error) {
	h.mu.Lock()
	s := h.asking[r]
	delete(h.asking, r)
	if s == nil {
		h.mu.Unlock()
		return func() {}, nil // the stream has ended meanwhile
	}
	typ, w := r.GetTypeUrl(), &watch{r, sub, out}
	s.watches[typ] = w
	upToDate := s.answer(typ, w)
	h.mu.Unlock()
	if upToDate {
		h.owner.OnChange(s.ID, nil)
	}
	return func() { h.cancel(s, typ, w) }, nil
}

func (h *Hub) cancel(s *stream, typ string, w *watch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.watches[typ] == w {
		delete(s.watches, typ)
	}
}

// answer sends what the client lacks. It reports whether the client turned out to have
// everything of the type already. The mutex is held.
func (s *stream) answer(typ string, w *watch) (upToDate bool) {
	given := s.set[typ]
	if given == nil || s.refusals[typ].Version == given.Version {
		return false
	}
	var names map[string]struct{}
	if !w.sub.IsWildcard() {
		names = w.sub.SubscribedResources()
	}
	changed, removed, next := given.diff(s.clientVersions(typ, w), names)
	if len(changed)+len(removed) > 0 {
		one := newResponse(w.request, given.Version, changed, removed, next)
		delete(s.watches, typ)
		delete(s.unsure, typ)
		delete(s.has, typ) // until it answers it may have either
		s.queued[typ] = one
		w.out <- one
		return false
	}
	asksForNothing := names != nil && len(next) == 0
	if s.has[typ] == given.Version || s.underWay(typ) || asksForNothing {
		return false
	}
	s.has[typ] = given.Version
	delete(s.refusals, typ)
	return true
}

// clientVersions is what the client will have, by name, once it has accepted what is under
// way. Go-control-plane learns of a response when it sends it, which may be after the next
// request has come. The mutex is held.
func (s *stream) clientVersions(typ string, w *watch) map[string]string {
	versions := w.sub.ReturnedResources()
	if last := s.queued[typ]; last != nil {
		versions = last.next
	}
	if len(s.unsure[typ]) == 0 {
		return versions
	}
	versions = maps.Clone(versions)
	for name := range s.unsure[typ] {
		versions[name] = "" // no version: it is sent again, or removed again
	}
	return versions
}

// response is one answer to a client, its resources encoded already.
type response struct {
	request *discoveryv3.DeltaDiscoveryRequest
	message *message
	next    map[string]string // what the client has then, by name
}

var _ cachev3.DeltaResponse = (*response)(nil)

func newResponse(request *discoveryv3.DeltaDiscoveryRequest, version string, changed []*discoveryv3.Resource, removed []string, next map[string]string) *response {
	return &response{request: request, next: next, message: &message{
		TypeUrl: request.GetTypeUrl(), Resources: changed, RemovedResources: removed, SystemVersionInfo: version,
	}}
}

// GetDeltaDiscoveryResponse implements cache.DeltaResponse.
func (r *response) GetDeltaDiscoveryResponse() (*message, error) {
	return r.message, nil
}

// GetDeltaRequest implements cache.DeltaResponse.
func (r *response) GetDeltaRequest() *discoveryv3.DeltaDiscoveryRequest { return r.request }

// GetSystemVersion implements cache.DeltaResponse.
func (r *response) GetSystemVersion() (string, error) { return r.message.GetSystemVersionInfo(), nil }

// GetResponseVersion implements cache.DeltaResponse.
func (r *response) GetResponseVersion() string { return r.message.GetSystemVersionInfo() }

// GetNextVersionMap implements cache.DeltaResponse.
func (r *response) GetNextVersionMap() map[string]string { return r.next }

// GetReturnedResources implements cache.DeltaResponse.
func (r *response) GetReturnedResources() map[string]string { return r.next }

// GetContext implements cache.DeltaResponse.
func (r *response) GetContext() context.Context { return context.Background() }

// kinds are the types that are served, as metric labels and for people.
var kinds = map[string]string{
	resourcev3.ClusterType:  "cluster",
	resourcev3.ListenerType: "listener",
	resourcev3.RouteType:    "route",
	resourcev3.SecretType:   "secret",
	policypb.TypeURL:        "policy",
}

// Kind is a type as a metric label: one of kinds, or "other".
func Kind(typ string) string {
	if kind := kinds[typ]; kind != "" {
		return kind
	}
	return "other"
}
