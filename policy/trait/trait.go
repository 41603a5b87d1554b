// Package trait holds what models take, as data: how long they answer, how their limit
// is called, which settings they refuse, and in which form they are told to reason. A
// trait belongs to a model, wherever it is served; what a server departs in from its
// dialect is a quirk (policy/quirk).
//
// The promise: it imports nothing of Headgate's, so that everything may import it. The
// trap: what is not known says nothing, so that a request passes as it came: ask for what
// is refused, never for what is taken.
package trait

// Set is what a model takes. Of the zero Set nothing is known. Sets compare with ==.
type Set struct {
	Context int64 // tokens of the longest prompt; 0: not known
	Output  int64 // tokens of the longest answer; 0: not known

	Limit    Limit
	Sampling Sampling
	Stop     Support // stop sequences
	Logprobs Support

	Reasoning   Reasoning
	Forms       Forms       // of Anthropic's thinking
	Efforts     Efforts     // that it can be told to reason with
	ToolEfforts ToolEfforts // which of them go with tools
	StillEffort Effort      // the most of them that goes with a word not to think; empty: any

	Images    Support
	PDF       Support
	Audio     Support
	Tools     Support
	Forced    Support // choices of a tool that it must call
	ToolName  int64   // bytes of the longest name of a tool; 0: not known
	Schema    Schema  // what it reads of a JSON schema that it must keep to
	Prefill   Support // an assistant's message at the end, that it goes on with
	MidSystem bool    // takes system messages between the turns
}

// Limit is the field that bounds an answer, in OpenAI's dialect.
type Limit string

// The values of Limit.
const (
	LimitUnknown    Limit = ""
	LimitTokens     Limit = "max_tokens"
	LimitCompletion Limit = "max_completion_tokens"
)

// Sampling says which sampling settings a model takes: temperature, top_p, top_k,
// penalties, and the bias and probabilities of tokens.
type Sampling string

// The values of Sampling.
const (
	SamplingUnknown  Sampling = ""
	SamplingAny      Sampling = "any"
	SamplingOne      Sampling = "one"              // temperature or top_p, not both
	SamplingNoEffort Sampling = "unless-reasoning" // only if it does not reason, which it does not unless it is told to
	SamplingDefault  Sampling = "default"          // nothing but the default values
)

// Support says whether a model takes something.
type Support string

// The values of Support.
const (
	Unknown Support = ""
	Yes     Support = "taken"
	No      Support = "refused"
)

// Reasoning says whether a model reasons before it answers.
type Reasoning string

// The values of Reasoning.
const (
	ReasoningUnknown  Reasoning = ""
	ReasoningNone     Reasoning = "none"     // cannot, and refuses to be told to
	ReasoningOptional Reasoning = "optional" // if it is told to
	ReasoningAdaptive Reasoning = "adaptive" // as it sees fit, unless it is told not to
	ReasoningAlways   Reasoning = "always"   // and refuses to be told not to
)

// ToolEfforts says with which efforts a model takes tools in chat completions.
type ToolEfforts string

// The values of ToolEfforts.
const (
	ToolEffortsUnknown ToolEfforts = ""
	ToolEffortsAny     ToolEfforts = "any"
	ToolEffortsUnsaid  ToolEfforts = "unsaid" // with none and with no word of it
	ToolEffortsNone    ToolEfforts = "none"   // with none alone, which must be said
)

// Schema is the subset of JSON Schema that a model reads.
type Schema string

// The values of Schema.
const (
	SchemaUnknown   Schema = ""
	SchemaNone      Schema = "none"      // it cannot be held to one
	SchemaOpenAI    Schema = "openai"    // strict structured outputs of OpenAI
	SchemaAnthropic Schema = "anthropic" // structured outputs of Anthropic
)

// Under returns the set with another one over it, as far as that says something.
func (s Set) Under(o Set) Set {
	lay(&s.Context, o.Context)
	lay(&s.Output, o.Output)
	lay(&s.Limit, o.Limit)
	lay(&s.Sampling, o.Sampling)
	lay(&s.Stop, o.Stop)
	lay(&s.Logprobs, o.Logprobs)
	lay(&s.Reasoning, o.Reasoning)
	lay(&s.Forms, o.Forms)
	lay(&s.Efforts, o.Efforts)
	lay(&s.ToolEfforts, o.ToolEfforts)
	lay(&s.StillEffort, o.StillEffort)
	lay(&s.Images, o.Images)
	lay(&s.PDF, o.PDF)
	lay(&s.Audio, o.Audio)
	lay(&s.Tools, o.Tools)
	lay(&s.Forced, o.Forced)
	lay(&s.ToolName, o.ToolName)
	lay(&s.Schema, o.Schema)
	lay(&s.Prefill, o.Prefill)
	lay(&s.MidSystem, o.MidSystem)
	return s
}

func lay[T comparable](to *T, v T) {
	if v != *new(T) {
		*to = v
	}
}

// Samples reports whether the model takes sampling settings that are not the default
// ones, if it reasons or does not.
func (s *Set) Samples(reasons bool) bool {
	switch s.Sampling {
	case SamplingDefault:
		return false
	case SamplingNoEffort:
		return !reasons
	default:
		return true
	}
}

// Budgets reports whether the model takes a thinking budget; true if it is not known.
func (s *Set) Budgets() bool { return s.Forms == 0 || s.Forms&Budget != 0 }

// Adapts reports whether the model takes adaptive thinking; true if it is not known.
func (s *Set) Adapts() bool { return s.Forms == 0 || s.Forms&Adaptive != 0 }

// Refuses reports whether the model is known to refuse parts of requests that others take,
// or names of tools.
func (s *Set) Refuses() bool { return s.Support() != Set{} || s.ToolName != 0 }

// Support returns what of the set decides whether the model can serve a request at all.
func (s *Set) Support() Set {
	only := func(v Support) Support {
		if v == No {
			return No
		}
		return Unknown
	}
	out := Set{Images: only(s.Images), PDF: only(s.PDF), Audio: only(s.Audio), Tools: only(s.Tools), Forced: only(s.Forced), Prefill: only(s.Prefill)}
	if s.Schema == SchemaNone {
		out.Schema = SchemaNone
	}
	return out
}

// Settles reports whether the settings of a request may have to change for the model.
func (s *Set) Settles() bool {
	return s.Limit != "" || s.Sampling != "" || s.Stop == No || s.Logprobs == No || s.Reasoning != "" || s.Efforts != 0 || s.Output != 0
}
