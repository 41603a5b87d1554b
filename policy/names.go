package policy

// Names that the data plane and the control plane must agree on.
const (
	// MetadataNamespace is Envoy's dynamic metadata namespace for everything
	// that Headgate says about an exchange.
	MetadataNamespace = "io.headgate"
	// InternalPrefix begins every header that is for Headgate's own use between
	// the client and the provider. Envoy removes such headers from clients
	// before the first route match, and again before egress.
	InternalPrefix = "x-headgate-int-"
	// RouteHeader carries RouteName from the router level to Envoy's routes.
	RouteHeader = InternalPrefix + "route"
	// RefusedKey is the key in MetadataNamespace that every answer made by
	// Headgate itself sets, so that local_reply_config leaves it alone.
	RefusedKey = "refused"
	// ExchangeKey is the key in MetadataNamespace that holds the exchange id.
	ExchangeKey = "exchange"
	// DialectKey is the key in MetadataNamespace that holds the client's dialect,
	// so that Envoy's own refusals can speak it.
	DialectKey = "dialect"
	// BackendKey is the key in MetadataNamespace, in the metadata of each
	// endpoint, that holds the backend's name.
	BackendKey = "backend"
	// ModelKey is the key in MetadataNamespace, in the metadata of each
	// endpoint, that holds the model's name at that backend.
	ModelKey = "model"
	// LevelHeader is the gRPC metadata key that tells the two ext_proc levels
	// apart; its values are LevelRouter and LevelUpstream.
	LevelHeader   = "x-headgate-level"
	LevelRouter   = "router"
	LevelUpstream = "upstream"
	// RevisionHeader is the gRPC metadata key that names the shape of the policy
	// that a router-level stream was routed by.
	RevisionHeader = "x-headgate-revision"
)

// RouteName returns the value of RouteHeader, and the name of the Envoy route,
// for a model: JSON answers and streams have routes of their own, because their
// timeouts differ.
func RouteName(model string, stream bool) string {
	if stream {
		return model + "/stream"
	}
	return model + "/json"
}
