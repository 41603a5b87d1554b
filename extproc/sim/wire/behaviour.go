package wire

import (
	"fmt"
	"time"
)

// Behaviour is how one request is answered, beyond what the request itself asks
// for. The zero Behaviour is a provider in good health. A nil pointer means "not
// scripted". Positions count whole events of a stream, or bytes of a JSON body,
// and are cut to the answer's length.
type Behaviour struct {
	TTFT    time.Duration // before the first byte
	Silence time.Duration // between the headers and the body
	TPS     float64       // tokens per second; 0: as fast as possible
	Pause   time.Duration // before each further write

	Tokens           *int    // length of the text, in tokens
	Text             *string // the text itself
	Echo             bool    // the text is that of the last user message
	Oversize         int     // the text is at least so many bytes, one event in a stream
	Tool             string  // call this tool
	Tools            int     // so many calls
	Input            *string // the text of a custom tool's call (OpenAI)
	Reasoning        *int    // hidden tokens before the text
	ReasoningContent bool    // show them, as DeepSeek does (OpenAI dialects)
	Refusal          *string // refuse with this text; empty: the usual one
	Finish           string  // this finish or stop reason, whatever happened
	Snapshot         string  // the model name that is reported
	Flag             string  // the categories that a moderation flags, with commas; "none": none (OpenAI)

	Cached       *int // input tokens read from the prompt cache
	CacheWrite   *int // input tokens written to it for 5 minutes (Anthropic)
	CacheWrite1h *int // the same for 1 hour
	Audio        *int // audio input tokens (OpenAI)
	AudioOut     *int // audio output tokens (OpenAI)
	NoUsage      bool // report no usage anywhere

	Form    string   // FormJSON or FormStream, whichever was asked for
	Type    string   // this content type, whatever comes; "none": no such header
	BOM     bool     // a byte order mark before the body
	Usage   string   // the counts as an imitator of OpenAI gives them: one of UsageShapes (chat completions)
	IDs     string   // of the calls: IDsEmpty or IDsTwice
	Without []string // members that the answer, and each chunk of it, lacks
	Pings   bool     // a ping before each event (Anthropic)
	Twice   *int     // this event (from 1) comes twice
	Swap    *int     // this event (from 1) comes after the next one
	Unknown *int     // an event of an unknown type comes before this one (from 1)
	ErrorAs string   // the scripted error in the form of another server: one of ErrorShapes

	Status       int           // answer with this error; with Error: the error in the stream
	RetryAfter   string        // header value: seconds or an HTTP date
	RetryAfterMS *int          // header value of retry-after-ms
	Quota        bool          // a 429 that no wait cures
	UsedUp       time.Duration // the headers say that no request is left for so long
	Reject       string        // answer with the 400 of this cause: RejectContext, RejectFilter or RejectPrefill

	HangHeaders   bool // never answer, until the client leaves
	Hang          *int // stop for ever at this position
	Cut           *int // close the connection at this position; negative: before the headers
	Reset         *int // the same with a TCP reset
	Malformed     *int // break this event (from 1), or the JSON at this byte
	Stutter       *int // half of this event (from 1) comes before it
	Truncate      *int // end cleanly at this position; negative: half-way
	Error         *int // an error event at this position, status 200
	Drip          int  // bytes per write
	Burst         bool // the whole stream in one write
	ContentLength *int // this content-length header, whatever the body
	Gzip          bool // gzip although nobody asked
	CRLF          bool // CRLF line ends in a stream
	NoDone        bool // no [DONE], no message_stop
	Comments      bool // a comment before each event
	Close         bool // "connection: close"
}

// The causes of a 400 that Behaviour.Reject names.
const (
	RejectContext = "context" // the prompt is longer than the model's context window
	RejectFilter  = "filter"  // a content filter has stopped it
	RejectPrefill = "prefill" // the conversation ends with an assistant message; any other one is answered
)

// What Behaviour.Form and Behaviour.IDs name.
const (
	FormJSON   = "json"
	FormStream = "stream"
	IDsEmpty   = "empty"
	IDsTwice   = "twice" // all calls have that of the first
)

// The shapes that Behaviour.Usage names.
const (
	UsageXAI      = "xai"      // reasoning stands beside completion_tokens, not within
	UsageGroq     = "groq"     // a stream has it in x_groq, asked for or not
	UsageDeepSeek = "deepseek" // prompt_cache_hit_tokens and prompt_cache_miss_tokens
	UsageMoonshot = "moonshot" // cached_tokens stands beside prompt_tokens
	UsageLiteLLM  = "litellm"  // cache_read_input_tokens and cache_creation_input_tokens, too
	UsageEarly    = "early"    // before the chunk with the finish reason
	UsageRunning  = "running"  // in each chunk, up to there
	UsageNull     = "null"     // null wherever it could stand
)

// UsageShapes are all of them.
var UsageShapes = []string{UsageXAI, UsageGroq, UsageDeepSeek, UsageMoonshot, UsageLiteLLM, UsageEarly, UsageRunning, UsageNull}

// The shapes that Behaviour.ErrorAs names.
const (
	ErrorList    = "list"    // [{"error": {...}}], Google
	ErrorDetail  = "detail"  // {"detail": "..."}, FastAPI
	ErrorDetails = "details" // {"detail": [{"msg": "..."}]}, FastAPI of what it cannot read
	ErrorString  = "string"  // {"error": "..."}, Ollama
	ErrorFlat    = "flat"    // {"object": "error", "message": "..."}, vLLM
	ErrorText    = "text"    // plain text
	ErrorHTML    = "html"    // a page of what stands before the server
	ErrorEmpty   = "empty"   // no body
)

// ErrorShapes are all of them.
var ErrorShapes = []string{ErrorList, ErrorDetail, ErrorDetails, ErrorString, ErrorFlat, ErrorText, ErrorHTML, ErrorEmpty}

// Validate refuses what would have no effect.
func (b *Behaviour) Validate() error {
	failing := b.Status != 0 || b.Quota
	switch {
	case b.RetryAfter != "" && !failing:
		return fmt.Errorf("retry-after: needs status or quota")
	case b.RetryAfterMS != nil && !failing:
		return fmt.Errorf("retry-after-ms: needs status or quota")
	case b.Error != nil && (b.RetryAfter != "" || b.RetryAfterMS != nil):
		return fmt.Errorf("retry-after: a stream under way has none; not together with error")
	case b.Quota && b.Status != 0 && b.Status != 429:
		return fmt.Errorf("quota: is a 429, not status %d", b.Status)
	case b.ErrorAs != "" && (b.Error != nil || !failing && b.Reject == ""):
		return fmt.Errorf("error-as: needs status, quota or reject, without error")
	case b.Text != nil && b.Echo:
		return fmt.Errorf("echo: not together with text")
	}
	return nil
}
