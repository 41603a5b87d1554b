package xds

import (
	"fmt"
	"maps"
	"sync"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
)

// served are the types that every snapshot has, as metric labels.
var served = map[string]string{
	resourcev3.ClusterType:  "cluster",
	resourcev3.ListenerType: "listener",
	resourcev3.RouteType:    "route",
}

// fleet knows which versions each connected Envoy has taken or refused. It is safe
// for concurrent use.
type fleet struct {
	mu        sync.Mutex
	published *cachev3.Snapshot
	streams   map[int64]*stream
	changed   chan struct{} // closed and replaced when anything above or below changes
}

// stream is what is known of the Envoy at the other end of one ADS stream.
type stream struct {
	node    string             // said with the first request only
	sent    map[string]version // by nonce: what no answer came for yet
	taken   map[string]string  // by type: the version that Envoy has
	refused map[string]refusal // by type: the latest refusal that no success followed
}

// version is one version of one type.
type version struct{ typ, version string }

// refusal is a NACK.
type refusal struct{ node, kind, version, reason string }

// Error says what was refused in Envoy's own words.
func (r *refusal) Error() string {
	return fmt.Sprintf("Envoy %s refused a %s: %s", r.node, r.kind, r.reason)
}

func newFleet() *fleet {
	return &fleet{streams: map[int64]*stream{}, changed: make(chan struct{})}
}

// wake tells those that wait in accepted. The mutex is held.
func (f *fleet) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fleet) publish(s *cachev3.Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.published = s
	f.wake()
}

// knows tells whether a stream has made a request before.
func (f *fleet) knows(id int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.streams[id] != nil
}

// request takes one of Envoy's requests. It returns a refusal where it is one, and
// how many Envoys are connected.
func (f *fleet) request(id int64, r *discoveryv3.DeltaDiscoveryRequest) (*refusal, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.streams[id]
	if s == nil {
		s = &stream{sent: map[string]version{}, taken: map[string]string{}, refused: map[string]refusal{}}
		f.streams[id] = s
	}
	if node := r.GetNode().GetId(); node != "" {
		s.node = node
	}
	defer f.wake()
	if held := r.GetInitialResourceVersions(); len(held) > 0 {
		f.reconnected(s, r.GetTypeUrl(), held)
	}
	v, answers := s.sent[r.GetResponseNonce()]
	if !answers {
		return nil, len(f.streams)
	}
	delete(s.sent, r.GetResponseNonce())
	if e := r.GetErrorDetail(); e != nil {
		refused := refusal{node: s.node, kind: label(v.typ), version: v.version, reason: e.GetMessage()}
		s.refused[v.typ] = refused
		return &refused, len(f.streams)
	}
	s.taken[v.typ] = v.version
	delete(s.refused, v.typ)
	return nil, len(f.streams)
}

// reconnected believes an Envoy that already has all resources of a type: it is
// sent nothing, so no answer of its own will say so. The mutex is held.
func (f *fleet) reconnected(s *stream, typ string, held map[string]string) {
	if f.published != nil && maps.Equal(held, f.published.GetVersionMap(typ)) {
		s.taken[typ] = f.published.GetVersion(typ)
	}
}

func (f *fleet) sent(id int64, r *discoveryv3.DeltaDiscoveryResponse) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.streams[id]; s != nil {
		s.sent[r.GetNonce()] = version{r.GetTypeUrl(), r.GetSystemVersionInfo()}
	}
}

func (f *fleet) closed(id int64) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.streams, id)
	f.wake()
	return len(f.streams)
}

// accepted tells whether every Envoy has what was published last; else an error
// where one has refused it, and a channel that is closed when that may change.
func (f *fleet) accepted() (done bool, changed <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	done = f.published != nil && len(f.streams) > 0
	for _, s := range f.streams {
		for typ := range served {
			want := f.published.GetVersion(typ)
			if r, ok := s.refused[typ]; ok && r.version == want {
				return false, nil, &r
			}
			done = done && s.taken[typ] == want
		}
	}
	return done, f.changed, nil
}

// label is a type as a metric label.
func label(typ string) string {
	if name := served[typ]; name != "" {
		return name
	}
	return "other"
}
