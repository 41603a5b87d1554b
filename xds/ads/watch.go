package ads

import (
	"context"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/policy/policypb"
)

var _ cachev3.Cache = (*Hub)(nil)

// CreateDeltaWatch implements cache.Cache: it answers at once where the client
// lacks something, else as soon as it does.
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
	held := s.answer(typ, w)
	h.mu.Unlock()
	if held {
		h.owner.Moved(s.ID, nil)
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

// answer sends what the client lacks. It reports whether the client is found to
// hold the type as it is given already. The mutex is held.
func (s *stream) answer(typ string, w *watch) (held bool) {
	given := s.set[typ]
	if given == nil {
		return false
	}
	var names map[string]struct{}
	if !w.sub.IsWildcard() {
		names = w.sub.SubscribedResources()
	}
	changed, removed, next := given.diff(w.sub.ReturnedResources(), names)
	if len(changed)+len(removed) > 0 {
		delete(s.watches, typ)
		w.out <- &response{w.request, changed, removed, given.Version, next}
		return false
	}
	if s.denied[typ].Version == given.Version || s.has[typ] == given.Version || len(next) == 0 {
		return false
	}
	s.has[typ] = given.Version
	return true
}

// response is one answer to a client, its resources encoded already.
type response struct {
	request *discoveryv3.DeltaDiscoveryRequest
	changed []*discoveryv3.Resource
	removed []string
	version string
	next    map[string]string
}

var _ cachev3.DeltaResponse = (*response)(nil)

// GetDeltaDiscoveryResponse implements cache.DeltaResponse.
func (r *response) GetDeltaDiscoveryResponse() (*discoveryv3.DeltaDiscoveryResponse, error) {
	return &discoveryv3.DeltaDiscoveryResponse{
		TypeUrl: r.request.GetTypeUrl(), Resources: r.changed, RemovedResources: r.removed, SystemVersionInfo: r.version,
	}, nil
}

// GetDeltaRequest implements cache.DeltaResponse.
func (r *response) GetDeltaRequest() *discoveryv3.DeltaDiscoveryRequest { return r.request }

// GetSystemVersion implements cache.DeltaResponse.
func (r *response) GetSystemVersion() (string, error) { return r.version, nil }

// GetResponseVersion implements cache.DeltaResponse.
func (r *response) GetResponseVersion() string { return r.version }

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
	policypb.TypeURL:        "policy",
}

// Kind is a type as a metric label: one of kinds, or "other".
func Kind(typ string) string {
	if kind := kinds[typ]; kind != "" {
		return kind
	}
	return "other"
}
