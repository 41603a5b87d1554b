package canon

import (
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

// Request is what a client asks of a model. Nothing changes it after its reader
// returned it, so that attempts at several backends may translate it in turn.
type Request struct {
	Dialect string // the one it was read from
	Names   *Names // what that dialect calls the fields
	// Where the schemas stand: below a tool, and in the body.
	ToolSchema, FormatSchema string
	MessageList              string // what the client calls its messages; empty: messages
	Model                    scan.Value
	Stream                   bool
	Usage                    bool // the client asked for the usage event of a stream
	Messages                 []Message
	Tools                    []Tool
	ToolList                 scan.Value // of Responses: the tools that are no item's, as the client wrote them
	Carried                  []Carried  // of Responses
	Functions                bool       // the client knows functions in the place of tools
	Choice                   ToolChoice
	Format                   Format
	Reason                   Reasoning
	Stop                     []scan.Value
	// MaxTokens bounds the answer, reasoning included; 0 means that none was given.
	MaxTokens     int64
	MaxTokensName string // what the client called it
	Fields        [CacheControl + 1]scan.Value
	Extra         []Member
}

// Role says who speaks in a message.
type Role uint8

// The roles. RoleOther is a message that only its own dialect understands: its
// one part holds the whole message.
const (
	RoleOther Role = iota
	RoleSystem
	RoleDeveloper
	RoleUser
	RoleAssistant
)

// Message is one turn, or a piece of one: neighbours of the same role mean the
// same as one message with the parts of both. Tool results are parts of user messages.
type Message struct {
	Role  Role
	At    int32 // index in the client's list of messages; -1: it came from elsewhere
	Name  scan.Value
	Parts []Part
	Extra []Member
}

// Kind is the kind of a part of a message.
type Kind uint8

// The kinds of parts, with the fields that each uses besides Cache and Extra.
const (
	Other      Kind = iota // Raw
	Text                   // Text
	Refusal                // Text
	Image                  // Source, Media, Data, Detail
	Document               // Source, Media, Data or Text, Name
	Audio                  // Media (a format such as wav), Data
	ToolCall               // ID, Twin, Name, Args
	ToolResult             // ID, Twin, Content, Failed
	Thinking               // Text, Signature
	Redacted               // Text: thinking that only its provider can read
)

// Source says how the data of a part is given.
type Source uint8

// The sources of images and documents.
const (
	FromBase64 Source = iota // Data, of type Media
	FromURL                  // Data is an https URL
	FromText                 // Text
	FromFile                 // Data is the id of a file at one provider
	FromOther                // Raw alone knows
)

// Part is a piece of a message's or an answer's content.
type Part struct {
	Kind   Kind
	Role   Role // of its message, in a request; RoleOther of what is in another part
	Source Source
	Failed bool  // of a tool result: the tool could not do it
	Broken bool  // of a tool call: Args is a string that holds no object
	Custom bool  // of a tool call: Args is a string of the tool's own form; of a result: of such a call
	Astray bool  // of a result: its call has another name
	Alone  bool  // of a call that the next turn does not answer, of a result whose call the turn before does not make
	Twin   int32 // of a call and its result in a request: sets it apart from others of this ID
	Place  Place

	Type      []byte     // what the dialect calls the kind, escaped, without quotes
	Text      scan.Value // a string
	ID        scan.Value // a string: of the call, as its server said it; nil: it said none
	Name      scan.Value // a string: of the tool, the title or the file; of a result what the client says of its call's
	Args      scan.Value // an object, or a string that should hold one
	Signature scan.Value // a string
	Media     []byte     // escaped, without quotes
	Data      []byte     // escaped, without quotes
	Detail    scan.Value
	Cache     scan.Value // cache_control
	Content   []Part     // of a tool result: text, images and documents
	Raw       scan.Value
	Extra     []Member
}

// Carried is an item of the input of OpenAI's Responses that is no message: what it says
// stands elsewhere in the request, and its own dialect gets it in its place.
type Carried struct {
	At       int32 // of the input
	Raw      scan.Value
	From, To int // of the tools that it brings, in Request.Tools
}

// Tool is something that the model may call.
type Tool struct {
	Other       bool // only its own dialect understands Raw
	Offered     bool // of Other: the model can do without it
	Again       bool // one before it has its name
	Function    bool // of OpenAI's functions, which come before the tools
	Custom      bool // it takes a text in place of arguments, as Format describes it
	Name        scan.Value
	Description scan.Value
	Schema      scan.Value // of the arguments; nil: none
	Strict      scan.Value
	Format      scan.Value // of a custom tool's text; nil: any
	Namespace   scan.Value // of Responses: a string, which a call says beside the name; nil: none
	Path        string     // in the client's body; empty: its place in Tools is that in the client's list
	Cache       scan.Value
	Raw         scan.Value
	Extra       []Member
}

// ToolMode says whether the model must call a tool.
type ToolMode uint8

// The modes of a tool choice.
const (
	ChoiceUnset ToolMode = iota
	ChoiceAuto
	ChoiceNone
	ChoiceRequired
	ChoiceNamed
	ChoiceOther // only its own dialect understands Raw
)

// ToolChoice says which tools the model may or must call.
type ToolChoice struct {
	Mode     ToolMode
	Name     scan.Value // of ChoiceNamed
	Raw      scan.Value
	Function bool // it is a choice among functions
}

// FormatKind is the form that an answer must have.
type FormatKind uint8

// The kinds of formats.
const (
	FormatUnset FormatKind = iota
	FormatText
	FormatObject // some JSON object
	FormatSchema // JSON that Schema describes
	FormatOther  // only its own dialect understands Raw
)

// Format is the form that an answer must have.
type Format struct {
	Kind        FormatKind
	Name        scan.Value
	Description scan.Value
	Schema      scan.Value
	Strict      scan.Value
	Raw         scan.Value
	Field       string // what the client called it; empty: as its dialect does
}

// ReasonMode says whether a model reasons before it answers.
type ReasonMode uint8

// The modes of reasoning.
const (
	ReasonUnset ReasonMode = iota
	ReasonOff
	ReasonOn       // with Effort or Budget
	ReasonAdaptive // as the model sees fit, with Effort
)

// Reasoning says how much a model may think.
type Reasoning struct {
	Mode   ReasonMode
	Effort []byte // minimal, low, medium, high, xhigh or max, without quotes
	Budget int64  // tokens; 0: none given
	Raw    scan.Value
	Name   string // what the client called it; empty: as its dialect does
	// How the answer shows it: as Anthropic's display says, and whether at all.
	Display scan.Value
	Hidden  bool
}

// FormatName returns what the client calls the form of the answer.
func (r *Request) FormatName() string {
	if r.Format.Field != "" {
		return r.Format.Field
	}
	return r.Names[FormatField]
}

// ReasonNames returns what the client calls all that it says of reasoning.
func (r *Request) ReasonNames() []string {
	effort := r.Fields[OutputConfig] != nil && len(r.Reason.Effort) > 0
	switch {
	case !effort:
		return []string{r.ReasonName()}
	case r.Reason.Raw == nil:
		return []string{r.EffortName()}
	default:
		return []string{r.ReasonName(), r.EffortName()}
	}
}

// EffortName returns what the client calls its effort: of Anthropic's it stands by itself.
func (r *Request) EffortName() string {
	if r.Names[OutputConfig] == "" {
		return r.ReasonName()
	}
	return r.Names[OutputConfig] + ".effort"
}

// ReadsMetadata reports whether what metadata say stands elsewhere: of Anthropic's, the user.
func (r *Request) ReadsMetadata() bool {
	return strings.HasPrefix(r.Names[User], r.Names[Metadata]+".")
}

// ReasonName returns what the client calls its wish for reasoning.
func (r *Request) ReasonName() string {
	if r.Reason.Name != "" {
		return r.Reason.Name
	}
	return r.Names[ReasoningField]
}

// BudgetName returns what the client calls the tokens that the model may think with.
func (r *Reasoning) BudgetName() string {
	if r.Name == "reasoning" {
		return "reasoning.max_tokens"
	}
	return "thinking.budget_tokens"
}

// KnowsFunctions reports whether the client that asked knows functions in the place of
// tools. It is false of a nil request.
func (r *Request) KnowsFunctions() bool { return r != nil && r.Functions }

// HidesReasoning reports whether the client that asked wants no reasoning in its answer.
func (r *Request) HidesReasoning() bool { return r != nil && r.Reason.Hidden }
