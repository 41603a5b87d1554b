package exchange

// Outcome is how an exchange ended: a closed set, also a metric label.
type Outcome struct {
	Result Result
	By     Party  // who failed; empty: none
	Detail string // for the operator: Envoy's code details, an error's text
}

// Result is the kind of an ending.
type Result string

// The kinds of endings. Outcomes says when each is reached.
const (
	OK                  Result = "ok"
	ClientError         Result = "client_error"
	Cancelled           Result = "cancelled"
	Cut                 Result = "cut"
	IdleTimeout         Result = "idle_timeout"
	Timeout             Result = "timeout"
	Deadline            Result = "deadline"
	ConnectFailed       Result = "connect_failed"
	NoHealthyBackend    Result = "no_healthy_backend"
	ProviderError       Result = "provider_error"
	ProviderRateLimited Result = "provider_rate_limited"
	ProviderRefusedKey  Result = "provider_refused_key"
	Exhausted           Result = "exhausted"
	GatewayError        Result = "gateway_error"
	Blocked             Result = "blocked"
	Drained             Result = "drained"
)

// Party is who failed. Of what was blocked it is whose text it was.
type Party string

// The parties of an exchange.
const (
	ByNone     Party = ""
	ByClient   Party = "client"
	ByGateway  Party = "gateway"
	ByProvider Party = "provider"
	ByUnknown  Party = "unknown"
)

// Possible is one outcome that an exchange can have.
type Possible struct {
	Result Result
	By     Party
	When   string // in words for operators
}

// Outcomes are all that are possible. The table of the data plane's page is made from them.
var Outcomes = []Possible{
	{OK, ByNone, "the client got the whole answer"},
	{OK, ByProvider, "the client got the whole answer, without events that could not be read and were none of it"},
	{ClientError, ByClient, "the request was at fault: Headgate refused it, its body was over the limit, or the provider answered with a 4xx that no row below names"},
	{Blocked, ByClient, "a guard refused what the client asked"},
	{Blocked, ByProvider, "a guard refused what came back, or cut it; no failure of the provider's"},
	{Cancelled, ByClient, "the client hung up"},
	{Cut, ByGateway, "a stage ended the stream early"},
	{Cut, ByProvider, "the answer broke off, or a stream ended without its end marker"},
	{Cut, ByUnknown, "the answer broke off, and Envoy's account of it did not come or did not say why"},
	{IdleTimeout, ByClient, "the rest of the request did not come in time, or the client stopped reading its answer"},
	{IdleTimeout, ByProvider, "silence inside the answer, or before it, for too long"},
	{Timeout, ByProvider, "no response headers within an attempt's time"},
	{Deadline, ByProvider, "the exchange took longer than `x-headgate-timeout`, or `total` of the model, allowed"},
	{ConnectFailed, ByProvider, "no connection to the backend"},
	{ConnectFailed, ByUnknown, "Envoy answered 502 or 503 by itself, and its account did not come"},
	{NoHealthyBackend, ByProvider, "no backend of the pool has an address: no name of theirs was resolved"},
	{ProviderError, ByProvider, "a 5xx or 408, an error in a 200 response, or an answer that cannot be read"},
	{ProviderRateLimited, ByProvider, "429, of every link of a chain"},
	{ProviderRefusedKey, ByGateway, "401, 402 or 403: the provider refused the gateway's own credential"},
	{Exhausted, ByProvider, "every link of the chain failed"},
	{GatewayError, ByGateway, "Envoy or Headgate failed, stood still or was killed, began nothing any more because it was stopping, or the policy's revision is unknown"},
	{Drained, ByGateway, "the process that served it was stopped or replaced, and cut what had not ended in time (`--drain`)"},
}
