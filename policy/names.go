package policy

import "github.com/headgate/headgate/policy/keyform"

// Names that the data plane and the control plane must agree on.
const (
	// MetadataNamespace is Envoy's dynamic metadata namespace for everything
	// that Headgate says about an exchange.
	MetadataNamespace = "io.headgate"
	// HeaderPrefix begins every header of Headgate's. None leaves for a provider, and
	// none of a provider's reaches a client.
	HeaderPrefix = "x-headgate-"
	// InternalPrefix begins every header that is for Headgate's own use between
	// the client and the provider. Envoy removes such headers from clients
	// before the first route match, and again before egress.
	InternalPrefix = HeaderPrefix + "int-"
	// KeyHeader carries a key of the gateway's beside a credential that is the provider's.
	KeyHeader = HeaderPrefix + "key"
	// KeyPrefix begins every key that the control plane makes.
	KeyPrefix = keyform.Prefix
	// RefusedByHeader says to the client who refused its request, whoever words the
	// refusal: ext_proc or Envoy.
	RefusedByHeader = HeaderPrefix + "refused-by"
	// RefusedByGateway is the value of RefusedByHeader if no provider refused.
	RefusedByGateway = "gateway"
	// UnavailableCode is the error code of Envoy's own replies when it could not ask Headgate,
	// or not in time.
	UnavailableCode = "gateway_unavailable"
	// BreakerCode is the error code of Envoy's own replies when a bound of the model's breaker was
	// reached.
	BreakerCode = "breaker_full"
	// ShouldRetryHeader says to the SDKs of OpenAI and Anthropic whether to try again.
	// Without it they do, twice, at 408, 409, 429 and every 5xx (internal/requestconfig of
	// openai-go and anthropic-sdk-go). A refusal that does not say when says "false".
	ShouldRetryHeader = "x-should-retry"
	// EnvoyPrefix begins the headers that Envoy reads and writes for itself. Neither
	// clients nor providers send or see them.
	EnvoyPrefix = "x-envoy-"
	// RouteHeader carries RouteName from the router level to Envoy's routes.
	RouteHeader = InternalPrefix + "route"
	// SplitHeader carries the number of the order in which a user goes through the
	// chain of its model, from the router level to Envoy; see Model.Orders.
	SplitHeader = InternalPrefix + "split"
	// JudgeHeader carries JudgeContent from the router level to Envoy's routes, if an
	// attempt is to be judged by the first content of its answer and not by its headers.
	// A pair of the release before does not set it: its attempts could not be.
	JudgeHeader  = InternalPrefix + "judge"
	JudgeContent = "content"
	// FoldHeader carries FoldStream from the router level to Envoy's routes, if the backend
	// may answer with a stream of which one answer is to be made. A pair of the release
	// before does not set it, and asks for none.
	FoldHeader = InternalPrefix + "fold"
	FoldStream = "stream"
	// RequestIDHeader carries the id that the client, or a hop before the gateway, gave the request in
	// x-request-id, where Envoy puts its own.
	RequestIDHeader = InternalPrefix + "request-id"
	// OwnHeader carries the token of a call that Headgate makes itself to ext_proc. It is worth
	// nothing from a client: a token counts once, and only in the process that made it.
	OwnHeader = HeaderPrefix + "own"
	// AgainHeader has Envoy try an attempt again in turn, with no one at fault.
	AgainHeader = InternalPrefix + "again"
	// RefusedKey is the key in MetadataNamespace that every answer made by
	// Headgate itself sets, so that local_reply_config leaves it alone.
	RefusedKey = "refused"
	// ExchangeKey is the key in MetadataNamespace that holds the exchange id.
	ExchangeKey = "exchange"
	// GenerationKey is the key in MetadataNamespace that holds the number of the ext_proc
	// process that has the exchange, among those that serve one socket after another.
	GenerationKey = "generation"
	// DialectKey is the key in MetadataNamespace that holds the client's dialect,
	// so that Envoy's own refusals can speak it.
	DialectKey = "dialect"
	// BackendKey is the key in MetadataNamespace, in the metadata of each
	// endpoint, that holds the backend's name.
	BackendKey = "backend"
	// ModelKey is the key in MetadataNamespace, in the metadata of each
	// endpoint, that holds the model's name at that backend.
	ModelKey = "model"
	// ContentLengthKey is the key in MetadataNamespace that holds the length of the body
	// of an attempt. Envoy drops the header with a replaced body and writes it again
	// from here.
	ContentLengthKey = "content_length"
	// NoHost is the host of a request of HTTP/1.0 that names none. RFC 6761 keeps its domain from
	// being anybody's.
	NoHost = "headgate.invalid"
	// PeerURI, PeerDNS and PeerSubject are the attributes of a client's connection that hold
	// the names in its certificate, once that is verified: its first URI, its first DNS name
	// and its subject. ext_proc gets them where certificates are asked for.
	PeerURI     = "connection.uri_san_peer_certificate"
	PeerDNS     = "connection.dns_san_peer_certificate"
	PeerSubject = "connection.subject_peer_certificate"
	// PeerAddress is the attribute that holds the address and the port of the other end of the
	// connection. ext_proc gets it if a network is trusted, or clients' addresses are recorded.
	PeerAddress = "source.address"
	// BalancerNamespace is Envoy's own metadata namespace for the choice of an endpoint.
	BalancerNamespace = "envoy.lb"
	// FitKey is the key in BalancerNamespace that holds, of a request, the FitName of
	// the backends that support it, and of an endpoint, all its FitNames.
	FitKey = "fit"
	// UnroutedRoute is the name of the Envoy route that a request keeps if nothing has
	// processed it.
	UnroutedRoute = "unrouted"
	// UnroutedLarge, UnroutedUnsaid and UnroutedPacked are its names for a request with a large
	// body, with one of a length that it does not say, and with one that is to be unpacked.
	UnroutedLarge  = UnroutedRoute + "/large"
	UnroutedUnsaid = UnroutedRoute + "/unsaid"
	UnroutedPacked = UnroutedRoute + "/packed"
	// ClientListener is the name of the Envoy listener of clients, and OwnListener that of the
	// calls that Headgate makes itself.
	ClientListener = "gateway"
	OwnListener    = "own"
	// PoolPrefix begins the names of the Envoy clusters that are made from chains.
	PoolPrefix = "pool/"
	// LevelHeader is the gRPC metadata key by which the ext_proc levels differ; its values
	// are LevelRouter, LevelUpstream and LevelFold.
	LevelHeader   = HeaderPrefix + "level"
	LevelRouter   = "router"
	LevelUpstream = "upstream"
	LevelFold     = "fold"
	// NarrowHeader is the gRPC metadata key by which an Envoy says that it takes another
	// fit from the upstream level. One that has the routes of the release before does not.
	NarrowHeader = HeaderPrefix + "narrow"
	// ShapeHeader is the gRPC metadata key that names the shape of the policy
	// by which a router-level stream was routed.
	ShapeHeader = HeaderPrefix + "revision"
)

// MaxOrders bounds the orders of one chain: its pool has an endpoint for every use
// and place, and each lists the orders that have it there.
const MaxOrders = 64

// Orders returns in how many orders users go through the chain. A link of several
// uses splits its users: each begins with one of them, and has the others after it,
// as if they were links of its own.
func (m *Model) Orders() int {
	orders := 1
	for _, l := range m.Chain {
		orders *= len(l.Uses)
	}
	return orders
}

// Order returns the number of the order in which each link begins with the use at
// this index.
func (m *Model) Order(first []int) int {
	order := 0
	for i, l := range m.Chain {
		order = order*len(l.Uses) + first[i]
	}
	return order
}

// Begins returns the index of the use with which a link begins in an order. The
// others follow in their own turn, and after the last the first.
func (m *Model) Begins(order, link int) int {
	for _, l := range m.Chain[link+1:] {
		order /= len(l.Uses)
	}
	return order % len(m.Chain[link].Uses)
}

// RouteName returns the value of RouteHeader, and the name of the Envoy route,
// for a model: JSON answers and streams have routes of their own, because their
// timeouts differ.
func RouteName(model string, stream bool) string {
	if stream {
		return model + "/stream"
	}
	return model + "/json"
}
