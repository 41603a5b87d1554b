package canon

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind is why a provider, or the gateway, did not answer. It is a closed
// set and fit for a metric label.
type FaultKind string

// The kinds of faults.
const (
	FaultRequest        FaultKind = "bad_request"
	FaultAuthentication FaultKind = "authentication"
	FaultBilling        FaultKind = "billing"
	FaultPermission     FaultKind = "permission"
	FaultNotFound       FaultKind = "not_found"
	FaultTooLarge       FaultKind = "too_large"
	FaultContent        FaultKind = "content_filter"
	FaultRateLimit      FaultKind = "rate_limit"
	FaultQuota          FaultKind = "quota"
	FaultServer         FaultKind = "server"
	FaultTimeout        FaultKind = "timeout"
	FaultOverloaded     FaultKind = "overloaded"
	FaultCut            FaultKind = "cut"       // the stream ended before the answer did
	FaultMalformed      FaultKind = "malformed" // not what the dialect promises
)

// Fault is an answer that says why there is none, from a provider or about one.
// It is also the error of decoders whose input is such an answer.
type Fault struct {
	Kind      FaultKind
	Status    int    // HTTP; that of the kind if the provider named none
	Type      string // the provider's own word; of a refusal of Headgate's what is used up, in OpenAI's words
	Code      string // the provider's own word
	Message   string
	Param     string
	RequestID string
	Unsaid    bool // what it was read from does not say it as an error: a client must be given one
	Foreign   bool // the body that it was read from says it in another way than clients of its dialect know

	// Exchange is the id of the exchange that Headgate itself refused, and RetryAfter
	// how long the client shall wait; 0: it is not known. Code is Headgate's then.
	Exchange   string
	RetryAfter time.Duration
}

// Error implements error. The message is the provider's and goes to the client;
// it must not be logged unless prompts may be.
func (f *Fault) Error() string {
	return "provider fault " + string(f.Kind) + " (status " + strconv.Itoa(f.Status) + "): " + f.Message
}

// What servers say in words that have no code of their own for it.
var (
	// A prompt beyond the model's window: of Anthropic for the prompt (earendil-works/pi#102),
	// and for the prompt and max_tokens together (docker/docker-agent#569), of vLLM
	// (vllm-project/vllm#20409), llama.cpp, Bedrock, Gemini, Groq, xAI and OpenAI's Responses.
	tooLong = []string{
		"prompt is too long", "exceed context limit", "maximum context length", "exceeds the available context size",
		"input is too long for requested model", "exceeds the maximum number of tokens", "reduce the length of the messages",
		"maximum prompt length", "exceeds the context window",
	}
	// An account without money: of Anthropic, DeepSeek and OpenRouter.
	spent = []string{"credit balance is too low", "insufficient balance", "insufficient credits"}
	// What a filter of the provider's stopped: of Anthropic and Azure.
	filtered = []string{"blocked by content filtering policy", "content management policy"}
)

func (f *Fault) says(words []string) bool {
	message := strings.ToLower(f.Message)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(message, w) })
}

// TooLong reports whether the fault says that the request is too long for the model.
func (f *Fault) TooLong() bool {
	if f.Code == "context_length_exceeded" || f.Type == "exceed_context_size_error" || f.Kind == FaultTooLarge {
		return true
	}
	return f.Kind == FaultRequest && f.says(tooLong)
}

// Refine finds a kind that the server's words alone say.
func (f *Fault) Refine() {
	switch {
	case f.Kind != FaultRequest && f.Kind != FaultPermission:
	case f.says(spent):
		f.Kind = FaultBilling
	case f.says(filtered):
		f.Kind = FaultContent
	}
}

// OfStream reports whether the fault says that the model, or this account, is given no
// streams: OpenAI's says so by the param (BeehiveInnovations/pal-mcp-server#134), Groq's in
// words (langchain-ai/langchain#23629).
func (f *Fault) OfStream() bool {
	return f.Kind == FaultRequest && (f.Param == "stream" || strings.Contains(f.Message, "support streaming"))
}

// Status returns the HTTP status that belongs to a kind of fault.
func (k FaultKind) Status() int {
	switch k {
	case FaultRequest, FaultContent:
		return 400
	case FaultAuthentication:
		return 401
	case FaultBilling:
		return 402
	case FaultPermission:
		return 403
	case FaultNotFound:
		return 404
	case FaultTooLarge:
		return 413
	case FaultRateLimit, FaultQuota:
		return 429
	case FaultOverloaded:
		return 503
	case FaultTimeout:
		return 504
	case FaultCut, FaultMalformed:
		return 502
	default:
		return 500
	}
}

// KindOf returns the kind of fault that an HTTP status stands for.
func KindOf(status int) FaultKind {
	switch status {
	case 401:
		return FaultAuthentication
	case 402:
		return FaultBilling
	case 403:
		return FaultPermission
	case 404:
		return FaultNotFound
	case 408, 504:
		return FaultTimeout
	case 413:
		return FaultTooLarge
	case 429:
		return FaultRateLimit
	case 503, 529, 498:
		return FaultOverloaded
	}
	if status >= 500 {
		return FaultServer
	}
	return FaultRequest
}

// Cut is the fault of a stream that ended before its answer did.
func Cut() *Fault {
	return &Fault{Kind: FaultCut, Status: 502, Message: "The provider's stream ended before its answer was complete."}
}

// Silent is the fault of a stream that said nothing for too long.
func Silent() *Fault {
	return &Fault{Kind: FaultTimeout, Status: 504, Message: "The provider's stream fell silent before its answer was complete."}
}

// Late is the fault of a stream that took too long.
func Late() *Fault {
	return &Fault{Kind: FaultTimeout, Status: 504, Message: "The answer was not complete within the time that the exchange may take."}
}

// Malformed is the fault of an answer that is not what its dialect promises.
func Malformed(what string) *Fault {
	return &Fault{Kind: FaultMalformed, Status: 502, Message: cannotBeRead + what + "."}
}

const cannotBeRead = "The provider's answer cannot be read: "

// What returns the message without its full stop, to be the end of a longer sentence. Of a fault
// by Malformed it is only what that was given, because the sentence says the rest.
func (f *Fault) What() string {
	return strings.TrimRight(strings.TrimPrefix(f.Message, cannotBeRead), ".")
}
