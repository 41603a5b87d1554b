package ads

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Owner decides what clients are served. Its methods are called on the goroutines of the
// clients' streams, never while the Hub's mutex is held, and may call Give.
type Owner interface {
	// OnConnect returns what a new client is given. An error ends its stream.
	OnConnect(c Client) (Set, error)
	// OnChange reports that a client has accepted or refused something, was found to have
	// it already, or has changed its node's metadata: Client returns its present state.
	// refusal is set for a new refusal.
	OnChange(id int64, refusal *Refusal)
	// OnDisconnect reports that a client's stream has ended.
	OnDisconnect(id int64)
}

// Hub serves clients. It is safe for concurrent use.
type Hub struct {
	owner  Owner
	now    func() time.Time
	server serverv3.Server
	stop   context.CancelFunc

	mu      sync.Mutex
	streams map[int64]*stream
	asking  map[*discoveryv3.DeltaDiscoveryRequest]*stream // between a request's callback and its watch
}

// stream is one client with what it is given.
type stream struct {
	Client
	set     Set
	watches map[string]*watch              // by type: the client waits for something new
	queued  map[string]*response           // by type: the last answer that is not on the wire yet
	sent    map[string][]*message          // by type: answers that the client has not answered, oldest first
	unsure  map[string]map[string]struct{} // by type: resources that were refused, so that what the client has of them is not known
}

type message = discoveryv3.DeltaDiscoveryResponse

// watch is a request that is answered when there is something to say.
type watch struct {
	request *discoveryv3.DeltaDiscoveryRequest
	sub     cachev3.Subscription
	out     chan cachev3.DeltaResponse
}

// NewHub makes a hub for an owner.
func NewHub(owner Owner, now func() time.Time) *Hub {
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{
		owner: owner, now: now, stop: stop,
		streams: map[int64]*stream{}, asking: map[*discoveryv3.DeltaDiscoveryRequest]*stream{},
	}
	h.server = serverv3.NewServer(ctx, h, serverv3.CallbackFuncs{
		StreamDeltaRequestFunc: h.request, StreamDeltaResponseFunc: h.response, DeltaStreamClosedFunc: h.closed,
	})
	return h
}

// Register makes a gRPC server serve the hub.
func (h *Hub) Register(g *grpc.Server) {
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(g, h.server)
}

// Stop ends every stream. Clients keep what they have.
func (h *Hub) Stop() { h.stop() }

// Give offers a set to a client in place of what it was given before. Types that are not
// in the set stay as they are. It returns the client's state after that; false: the client
// has disconnected.
func (h *Hub) Give(id int64, set Set) (Client, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.streams[id]
	if s == nil {
		return Client{}, false
	}
	s.set = set
	for _, typ := range set.types() {
		if w := s.watches[typ]; w != nil {
			s.answer(typ, w)
		}
	}
	return s.snapshot(), true
}

// Forget has the Hub offer again what it is to give a client next, although the client has
// refused the same before.
func (h *Hub) Forget(id int64, refused Set) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.streams[id]
	if s == nil {
		return
	}
	for typ, r := range refused {
		if s.refusals[typ].Version == r.Version {
			delete(s.refusals, typ)
		}
	}
}

// Client returns a client's state; false: it has disconnected.
func (h *Hub) Client(id int64) (Client, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.streams[id]
	if s == nil {
		return Client{}, false
	}
	return s.snapshot(), true
}

func (s *stream) snapshot() Client {
	c := s.Client
	c.busy = len(s.queued) > 0
	for _, unanswered := range s.sent {
		c.busy = c.busy || len(unanswered) > 0
	}
	c.has, c.refusals = maps.Clone(s.has), maps.Clone(s.refusals)
	return c
}

// request sees every request before its watch is made: the first one of a stream
// names the node, one with a nonce answers what was sent.
func (h *Hub) request(id int64, r *discoveryv3.DeltaDiscoveryRequest) error {
	h.mu.Lock()
	s := h.streams[id]
	h.mu.Unlock()
	if s == nil {
		var err error
		if s, err = h.connect(id, r.GetNode()); err != nil {
			return err
		}
	}
	h.mu.Lock()
	refusal, answered := s.onAnswer(r)
	nodeChanged := s.updateNode(r.GetNode())
	h.asking[r] = s
	h.mu.Unlock()
	if answered || nodeChanged {
		h.owner.OnChange(id, refusal)
	}
	return nil
}

// updateNode takes over the metadata of a client's node, and reports whether they have
// changed. The rest of the node stays as it was. The mutex is held.
func (s *stream) updateNode(now *corev3.Node) bool {
	if now == nil || now == s.Node || proto.Equal(now.GetMetadata(), s.Node.GetMetadata()) {
		return false
	}
	node := proto.CloneOf(s.Node)
	node.Metadata = now.GetMetadata()
	s.Node = node
	return true
}

func (h *Hub) connect(id int64, node *corev3.Node) (*stream, error) {
	s := &stream{
		Client:  Client{ID: id, Node: node, Opened: h.now(), has: map[string]string{}, refusals: map[string]Refusal{}},
		watches: map[string]*watch{}, queued: map[string]*response{},
		sent: map[string][]*message{}, unsure: map[string]map[string]struct{}{},
	}
	h.mu.Lock()
	h.streams[id] = s
	h.mu.Unlock()
	set, err := h.owner.OnConnect(s.snapshot())
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		delete(h.streams, id)
		return nil, err
	}
	if s.set == nil { // else the owner has given it something newer since
		s.set = set
	}
	return s, nil
}

// onAnswer reads the answer to something that was sent. The mutex is held.
func (s *stream) onAnswer(r *discoveryv3.DeltaDiscoveryRequest) (refusal *Refusal, answered bool) {
	typ, nonce := r.GetTypeUrl(), r.GetResponseNonce()
	i := slices.IndexFunc(s.sent[typ], func(m *message) bool { return m.GetNonce() == nonce })
	if i < 0 {
		return nil, false
	}
	answer := s.sent[typ][i]
	s.sent[typ] = slices.Delete(s.sent[typ], 0, i+1)
	if e := r.GetErrorDetail(); e != nil {
		refusal = &Refusal{Type: typ, Version: answer.GetSystemVersionInfo(), Reason: e.GetMessage(), Old: codes.Code(e.GetCode()) == OldFault}
		s.refusals[typ] = *refusal
		s.markUnsure(answer)
		return refusal, true
	}
	delete(s.refusals, typ)
	if !s.underWay(typ) {
		s.has[typ] = answer.GetSystemVersionInfo()
	}
	return nil, true
}

// markUnsure notes that the client may have all, some or nothing of a response, because
// it refused it. The mutex is held.
func (s *stream) markUnsure(refused *message) {
	typ := refused.GetTypeUrl()
	if s.unsure[typ] == nil {
		s.unsure[typ] = map[string]struct{}{}
	}
	for _, res := range refused.GetResources() {
		s.unsure[typ][res.GetName()] = struct{}{}
	}
	for _, name := range refused.GetRemovedResources() {
		s.unsure[typ][name] = struct{}{}
	}
}

// underWay reports whether the client has not yet answered something of a type. The
// mutex is held.
func (s *stream) underWay(typ string) bool { return s.queued[typ] != nil || len(s.sent[typ]) > 0 }

// response sees what is about to be sent, with its nonce.
func (h *Hub) response(id int64, _ *discoveryv3.DeltaDiscoveryRequest, m *message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, typ := h.streams[id], m.GetTypeUrl()
	if s == nil {
		return
	}
	if last := s.queued[typ]; last != nil && last.message == m {
		delete(s.queued, typ)
	}
	s.sent[typ] = append(s.sent[typ], m)
}

func (h *Hub) closed(id int64, _ *corev3.Node) {
	h.mu.Lock()
	s := h.streams[id]
	delete(h.streams, id)
	maps.DeleteFunc(h.asking, func(_ *discoveryv3.DeltaDiscoveryRequest, by *stream) bool { return by == s })
	h.mu.Unlock()
	if s != nil {
		h.owner.OnDisconnect(id)
	}
}

var errDeltaOnly = status.Error(codes.Unimplemented, "only delta ADS is served here: set api_type to DELTA_GRPC")

// CreateWatch implements cache.Cache. State-of-the-world clients are not served.
func (h *Hub) CreateWatch(*cachev3.Request, cachev3.Subscription, chan cachev3.Response) (func(), error) {
	return nil, errDeltaOnly
}

// Fetch implements cache.Cache. REST clients are not served.
func (h *Hub) Fetch(context.Context, *cachev3.Request) (cachev3.Response, error) {
	return nil, errDeltaOnly
}
