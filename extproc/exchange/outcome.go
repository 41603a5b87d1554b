package exchange

// Outcome is how an exchange ended: a closed set, also a metric label.
type Outcome struct {
	Result Result
	By     Party  // who failed; empty: none
	Detail string // for the operator: Envoy's code details, an error's text
}

// Result is the kind of an ending.
type Result string

// The kinds of endings.
const (
	OK                  Result = "ok"
	ClientError         Result = "client_error"          // the request was at fault: any 4xx of its making
	Cancelled           Result = "cancelled"             // the client hung up
	Cut                 Result = "cut"                   // the answer broke off
	IdleTimeout         Result = "idle_timeout"          // silence inside the answer, or before it, for too long
	Timeout             Result = "timeout"               // no response headers within an attempt's time
	Deadline            Result = "deadline"              // the whole exchange took longer than it was given
	ConnectFailed       Result = "connect_failed"        // no connection to the backend
	NoHealthyBackend    Result = "no_healthy_backend"    // every backend of the pool is ejected or gone
	ProviderError       Result = "provider_error"        // 5xx, an error event in a stream, an unreadable answer
	ProviderRateLimited Result = "provider_rate_limited" // 429
	ProviderRefusedKey  Result = "provider_refused_key"  // 401, 402, 403: the gateway's credential
	Exhausted           Result = "exhausted"             // every link of the chain failed
	GatewayError        Result = "gateway_error"         // Envoy or Headgate itself
)

// Party is who failed.
type Party string

// The parties of an exchange.
const (
	ByNone     Party = ""
	ByClient   Party = "client"
	ByGateway  Party = "gateway"
	ByProvider Party = "provider"
	ByUnknown  Party = "unknown"
)
