package policy

import (
	"regexp"
	"strconv"

	"github.com/headgate/headgate/policy/strict"
)

// Document is the type of a whole policy document, version 1: every key with its
// type, default and meaning. The parser takes keys, bounds and defaults from it,
// and schema.json and README.md are written from it.
var Document = &strict.Type{Kind: strict.Object, Fields: []strict.Field{
	{Key: "version", Type: &strict.Type{Kind: strict.Whole, Min: "1", Max: "1"}, Required: true,
		Doc:     "Version of the document's format. This reference describes version 1.",
		Example: `version: 1`},
	{Key: "listen", Type: &strict.Type{Kind: strict.Text}, Default: "127.0.0.1:8080",
		Doc:     "Address and port that clients connect to. The host is an IP address or localhost. An address beyond loopback needs anonymous: true.",
		Example: `listen: "127.0.0.1:8080"`},
	{Key: "anonymous", Type: &strict.Type{Kind: strict.Switch}, Default: "false",
		Doc:     "Serve beyond loopback although the policy names no callers: whoever reaches the address spends on your credentials.",
		Example: `anonymous: true`},
	{Key: "backends", Type: &strict.Type{Kind: strict.Map, Pattern: backendName, Rule: backendRule, Elem: backendType},
		Doc:     "Provider accounts and deployments that requests can be sent to, by name. A backend that no chain uses is allowed.",
		Example: `backends: {gpt: {provider: openai, credential: {env: OPENAI_API_KEY}}}`},
	{Key: "models", Type: &strict.Type{Kind: strict.Map, Pattern: modelName, Rule: modelRule, Elem: modelType},
		Doc:     "Models that clients may ask for, by the name that they ask with. A model is an object, or in short its only backend/model.",
		Example: `models: {fast: gpt/gpt-5-nano}`},
	{Key: "prices", Type: &strict.Type{Kind: strict.Map, Pattern: priceName, Rule: modelRule, Elem: pricesType},
		Doc:     "Prices that are not in the built-in catalogue or differ from it, by model, or by backend/model for one backend only. Such a price replaces the built-in one wholly, its long-context price included. Several prices of one model form a list and differ in valid_from.",
		Example: `prices: {my-model: {input: 0.25, output: 2}}`},
	{Key: "unpriced", Type: &strict.Type{Kind: strict.Text, Enum: []string{string(UnpricedRefuse), string(UnpricedFlag)}}, Default: string(UnpricedRefuse),
		Doc:     "What to do about a model without a price at its provider. With refuse it is a fault of the policy; with flag it is served, and its records say that the cost is not known.",
		Example: `unpriced: flag`},
	{Key: "limits", Type: limitsType,
		Doc:     "Bounds that protect the gateway itself.",
		Example: `limits: {body: 32MiB}`},
}, Planned: []string{
	"tiers",
	"queue",
	"cache",
	"guards",
	"rollouts",
	"experiments",
	"alerts",
}}

var backendType = &strict.Type{Kind: strict.Object, Fields: []strict.Field{
	{Key: "provider", Type: &strict.Type{Kind: strict.Text, Enum: providerNames()}, Required: true,
		Doc:     "Who serves the models. A server that speaks the OpenAI dialect and is not listed (vLLM, Ollama) is openai-compatible. With simulated the gateway answers by itself.",
		Example: `provider: openai`},
	{Key: "url", Type: &strict.Type{Kind: strict.Text},
		Doc:     "Base URL of the API, without query. Required for openai-compatible; the other providers have one of their own. Plain http is allowed to loopback and private addresses and for openai-compatible and simulated; elsewhere a credential would travel in clear.",
		Example: `url: "http://127.0.0.1:11434/v1"`},
	{Key: "dialect", Type: &strict.Type{Kind: strict.Text, Enum: []string{"openai", "anthropic"}},
		Doc:     "Wire format, for openai-compatible and simulated only; there it is openai unless given. The other providers have one of their own.",
		Example: `dialect: anthropic`},
	{Key: "region", Type: &strict.Type{Kind: strict.Text, Pattern: regionName, Rule: regionRule},
		Doc:     "Where the deployment runs, in your own words; it labels records.",
		Example: `region: us-east`},
	{Key: "credential", Type: credentialType,
		Doc:     "Where the secret is found; never the secret itself. Two of them in a list make a rotation: when the provider rejects one, the other is used. Required unless the provider is openai-compatible or simulated.",
		Example: `credential: {env: OPENAI_API_KEY}`},
	{Key: "without_credential", Type: &strict.Type{Kind: strict.Text, Enum: []string{string(WithoutFail), string(WithoutSimulate)}}, Default: string(WithoutFail),
		Doc:     "What to do where the credential is not set in the environment of the gateway. With fail it does not start; with simulate the simulated provider answers in the backend's place, and says so.",
		Example: `without_credential: simulate`},
	{Key: "ca_file", Type: pathType,
		Doc:     "Absolute path of a PEM bundle that verifies the server's certificate. Without it the system's roots do.",
		Example: `ca_file: /etc/ssl/private-ca.pem`},
}}

var secretPath = &strict.Type{Kind: strict.Text, Pattern: pathPattern, Rule: pathRule, Secret: true}

var credentialObject = &strict.Type{Kind: strict.Object, OneKey: true, Secret: true, Fields: []strict.Field{
	{Key: "env", Type: &strict.Type{Kind: strict.Text, Pattern: envName, Rule: envRule, Secret: true},
		Doc:     "Name of the environment variable that holds the secret.",
		Example: `env: OPENAI_API_KEY`},
	{Key: "file", Type: secretPath,
		Doc:     "Absolute path of the file that holds the secret. It is read again when it changes.",
		Example: `file: /run/secrets/openai`},
}}

var credentialType = &strict.Type{Kind: strict.Either, Secret: true, Options: []*strict.Type{
	credentialObject,
	{Kind: strict.List, Min: "1", Max: "2", Elem: credentialObject, Secret: true},
}}

var modelType = &strict.Type{Kind: strict.Either, Options: []*strict.Type{
	useText,
	{Kind: strict.Object, Fields: []strict.Field{
		{Key: "chain", Type: &strict.Type{Kind: strict.List, Min: "1", Max: "8", Elem: linkType}, Required: true,
			Doc:     "Links in the order in which they are tried: primary, fallback, emergency. A link is backend/model, or a list of several with weights. The backend ends at the first slash; the model may hold more.",
			Example: `chain: [claude/claude-sonnet-4-6, gpt/gpt-5.5]`},
		{Key: "retries", Type: &strict.Type{Kind: strict.Whole, Min: "0", Max: "5"}, Default: "2",
			Doc:     "Further attempts on one link after a 5xx, before the next link. In a chain with a link of several uses the attempts are spread over its uses: the other use of the link comes the sooner, and other links get as many in a row as each of those.",
			Example: `retries: 2`},
		{Key: "timeout", Type: &strict.Type{Kind: strict.Duration, Min: "1ms", Max: "1h"}, Default: "30s",
			Doc:     "Time that each attempt has until its response headers.",
			Example: `timeout: 30s`},
		{Key: "idle_timeout", Type: &strict.Type{Kind: strict.Duration, Min: "1ms", Max: "1h"}, Default: "60s",
			Doc:     "Longest silence inside a response. Inside a JSON answer whose headers came before its body it is longer where the chain may take longer: each attempt its timeout and 1s to connect.",
			Example: `idle_timeout: 60s`},
		{Key: "nearest", Type: &strict.Type{Kind: strict.Switch}, Default: "false",
			Doc:     "Begin a link of several uses with those in the gateway's own region (headgate extproc --region), by their weights among each other; the others follow where those fail. A gateway whose region none of them has goes by the weights alone.",
			Example: `nearest: true`},
		{Key: "unfit", Type: &strict.Type{Kind: strict.Text, Enum: []string{string(UnfitRefuse), string(UnfitDrop)}}, Default: string(UnfitRefuse),
			Doc:     "What to do with a request field that a backend cannot express: refuse answers 400 and names the field and the backend; drop leaves it out and names it in a warning header.",
			Example: `unfit: drop`},
		{Key: "breaker", Type: breakerType,
			Doc:     "Bounds of what the model's pool may hold in one Envoy at a time. Beyond them requests are refused at once instead of piling up.",
			Example: `breaker: {connections: 4096, pending: 4096, requests: 16384}`},
		{Key: "health", Type: healthType,
			Doc:     "Active checks: an Envoy asks by a TCP connection whether each backend is there, beside what it learns from answers. Without it there are none.",
			Example: `health: {interval: 30s}`},
	}},
}}

var breakerType = &strict.Type{Kind: strict.Object, Fields: []strict.Field{
	{Key: "connections", Type: boundType, Default: "4096",
		Doc:     "Connections to the backends. HTTP/1.1 takes one for each request, HTTP/2 shares them.",
		Example: `connections: 4096`},
	{Key: "pending", Type: boundType, Default: "4096",
		Doc:     "Requests that wait for a connection.",
		Example: `pending: 4096`},
	{Key: "requests", Type: boundType, Default: "16384",
		Doc:     "Requests in flight.",
		Example: `requests: 16384`},
}}

var boundType = &strict.Type{Kind: strict.Whole, Min: "1", Max: "1000000"}

var healthType = &strict.Type{Kind: strict.Object, Fields: []strict.Field{
	{Key: "interval", Type: &strict.Type{Kind: strict.Duration, Min: "1s", Max: "1h"}, Required: true,
		Doc:     "Time between two checks of one backend. Each Envoy checks for itself.",
		Example: `interval: 30s`},
}}

var useText = &strict.Type{Kind: strict.Text, Pattern: usePattern, Rule: useRule}

var linkType = &strict.Type{Kind: strict.Either, Options: []*strict.Type{
	useText,
	{Kind: strict.List, Min: "1", Max: "64", Elem: &strict.Type{Kind: strict.Object, Fields: []strict.Field{
		{Key: "use", Type: useText, Required: true,
			Doc:     "Backend and model, as backend/model.",
			Example: `use: claude-us/claude-sonnet-4-6`},
		{Key: "weight", Type: &strict.Type{Kind: strict.Whole, Min: "1", Max: strconv.Itoa(MaxWeight)}, Default: "1",
			Doc:     "Share of the link's requests, relative to the other uses of the link. Requests that name a user (x-headgate-user, or user in the body) stay with one use; a growing weight moves users to it and between no others.",
			Example: `weight: 70`},
	}}},
}}

var pricesType = &strict.Type{Kind: strict.Either, Options: []*strict.Type{
	priceType,
	{Kind: strict.List, Min: "1", Max: "64", Elem: priceType},
}}

var priceType = &strict.Type{Kind: strict.Object, Fields: []strict.Field{
	{Key: "input", Type: rateType, Required: true,
		Doc: "Input tokens, in USD per million.", Example: `input: 3`},
	{Key: "output", Type: rateType, Required: true,
		Doc: "Output tokens, reasoning included, in USD per million.", Example: `output: 15`},
	{Key: "cache_read", Type: rateType,
		Doc: "Input tokens read from the provider's prompt cache, in USD per million. Without it they cost what input costs.", Example: `cache_read: 0.30`},
	{Key: "cache_write_5m", Type: rateType,
		Doc: "Input tokens written to the prompt cache for five minutes, in USD per million. Without it they cost what input costs.", Example: `cache_write_5m: 3.75`},
	{Key: "cache_write_1h", Type: rateType,
		Doc: "Input tokens written to the prompt cache for one hour, in USD per million. Without it they cost what input costs.", Example: `cache_write_1h: 6`},
	{Key: "audio_input", Type: rateType,
		Doc: "Audio tokens in, in USD per million. Without it they cost what input costs.", Example: `audio_input: 32`},
	{Key: "audio_output", Type: rateType,
		Doc: "Audio tokens out, in USD per million. Without it they cost what output costs.", Example: `audio_output: 64`},
	{Key: "valid_from", Type: &strict.Type{Kind: strict.Date},
		Doc: "First day, in UTC, on which the price holds. Without it the price has always held; one price of a model that the built-in catalogue does not know must have none.", Example: `valid_from: 2026-09-01`},
}}

var rateType = &strict.Type{Kind: strict.Decimal, Min: "0", Max: "10000"}

var limitsType = &strict.Type{Kind: strict.Object, Fields: []strict.Field{
	{Key: "body", Type: &strict.Type{Kind: strict.Size, Min: "1KiB", Max: "256MiB"}, Default: "32MiB",
		Doc:     "Greatest size of one buffered request or response body. Units: B, KB, MB, KiB, MiB.",
		Example: `body: 32MiB`},
}}

var pathType = &strict.Type{Kind: strict.Text, Pattern: pathPattern, Rule: pathRule}

// The patterns are read by Go and, in the schema, by ECMAScript engines, so they
// keep to what both mean the same by. A name of a model is printable ASCII without
// blanks, quotes and backslash: the classes below are what remains.
var (
	backendName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$`)
	modelName   = regexp.MustCompile(`^[!#-&(-\[\]-_a-~]{1,128}$`)
	priceName   = regexp.MustCompile(`^[!#-&(-\[\]-_a-~]{1,192}$`)
	usePattern  = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?/[!#-&(-\[\]-_a-~]{1,128}$`)
	regionName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)
	envName     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	// these kinds look like; their bounds are checked on top.
	DurationPattern = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`)
	SizePattern     = regexp.MustCompile(`^(0|[1-9][0-9]*)(B|KB|MB|KiB|MiB)$`)
	DecimalPattern  = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	DatePattern     = regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`)
	pathPattern     = regexp.MustCompile(`^/[!-~][ -~]{0,998}$`)
)

const (
	backendRule = "a name of a backend is 1 to 63 lower-case letters, digits, dots, dashes and underscores, a letter or digit at both ends"
	modelRule   = "a name of a model is 1 to 128 printable ASCII characters without blanks, quotes and backslash"
	useRule     = "expected backend/model, such as openai/gpt-5.5"
	regionRule  = "a region is 1 to 63 letters, digits, dots, dashes and underscores, a letter or digit at both ends"
	envRule     = "expected the name of an environment variable: letters, digits and underscores, no digit first"
	pathRule    = "expected an absolute path of at most 1000 printable ASCII characters"
)

func providerNames() []string {
	names := make([]string, len(Providers))
	for i, p := range Providers {
		names[i] = p.Name
	}
	return names
}
