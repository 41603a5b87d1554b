package openai

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// maxStops is how many stop sequences chat completions take.
const maxStops = 4

// support says what becomes of a field of another dialect.
type support uint8

const (
	supported support = iota
	ignored
	tuning
	meaning
)

// expressed says whether chat completions can express a field that a client of
// another dialect set. Ignored fields say what is so without them.
func expressed(f canon.Field, v scan.Value) support {
	switch f {
	case canon.Temperature, canon.TopP, canon.Parallel, canon.User, canon.N, canon.Seed, canon.PresencePenalty,
		canon.FrequencyPenalty, canon.Logprobs, canon.TopLogprobs, canon.LogitBias, canon.PromptCacheKey:
		return supported
	case canon.ServiceTier:
		if string(canon.Inside(v)) == "auto" {
			return ignored
		}
		return tuning
	case canon.Store:
		if string(v) == "false" {
			return ignored
		}
		return tuning
	case canon.Metadata, canon.OutputConfig: // what is read of them stands elsewhere
		return ignored
	default:
		return tuning
	}
}

// Unsupported lists what a request holds that a chat completions server of this kind
// cannot express, by the paths of the client's body. It is empty if nothing
// is; Encode leaves out exactly what it lists.
func (Dialect) Unsupported(r *canon.Request, t canon.Target) []canon.Unsupported {
	e := newEncoder(r, &t)
	var u []canon.Unsupported
	add := func(kind canon.UnsupportedKind, field, why string) {
		u = append(u, canon.Unsupported{Field: field, Kind: kind, Why: why})
	}
	e.unsupportedFormat(add)
	e.refusals(add)
	for i := range r.Tools {
		if e.tooStrict(&r.Tools[i]) {
			add(canon.Tuning, r.StrictPath(i), "it knows no strict tools")
		}
	}
	e.customFindings(add)
	e.userFindings(add)
	if !e.same {
		e.translatedFields(add)
	}
	if e.same && e.t.Quirks.NoStreamOptions {
		addExtra(add, "", canon.InsideOf(r.Extra, "stream_options"))
	}
	if e.same && !e.keepsFunctions() {
		addExtra(add, "", canon.InsideOf(r.Extra, "function_call"))
		if r.Choice.Function && len(r.Tools) == 0 {
			add(canon.Tuning, r.ChoiceName(), "there are no tools")
		}
	}
	e.unsupportedParts(add)
	e.unsupportedRuns(add)
	if len(r.Messages) == 0 {
		add(canon.Impossible, r.ListName(), "nothing is asked")
	}
	if last := e.unasked(); last != nil {
		add(canon.Impossible, r.MessagePath(last.At)+".content", "it holds nothing that the model can be asked")
	}
	return u
}

type adder func(kind canon.UnsupportedKind, field, why string)

func (e *encoder) translatedFields(add adder) {
	r := e.r
	for i, v := range r.Fields {
		f := canon.Field(i)
		switch {
		case len(v) == 0:
		case expressed(f, v) == tuning, f == canon.Metadata && !r.ReadsMetadata() && !canon.Void(v):
			add(canon.Tuning, r.Names[f], "there is no such field")
		case expressed(f, v) == supported && f.Nonsense(v) != "":
			add(canon.Meaning, r.Names[f], f.Nonsense(v))
		case expressed(f, v) == supported && refused(&e.t.Traits, f, v, reasons(e.effort)) && !neutral(f, v):
			add(canon.Tuning, r.Names[f], "the model does not take it")
		}
	}
	if len(r.Stop) > maxStops {
		add(canon.Meaning, r.Names[canon.Stop], fmt.Sprintf("it takes %d stop sequences at most", maxStops))
	}
	if len(r.Stop) > 0 && e.t.Traits.Stop == trait.No {
		add(canon.Tuning, r.Names[canon.Stop], "the model does not take it")
	}
	if e.t.MaxTokens > 0 && r.MaxTokens > e.t.MaxTokens {
		add(canon.Tuning, r.MaxTokensName, fmt.Sprintf("the model answers with %d tokens at most", e.t.MaxTokens))
	}
	e.effortFindings(add)
	e.unsupportedTools(add)
	addExtra(add, "", r.Extra)
}

// unsupportedTools names what is left out of the tools, and of the choice among them.
func (e *encoder) unsupportedTools(add adder) {
	r := e.r
	switch c := r.Choice.Mode; {
	case c == canon.ChoiceOther:
		add(canon.Meaning, r.Names[canon.ToolChoiceField], "this kind of choice is another dialect's")
	case (c == canon.ChoiceRequired || c == canon.ChoiceNamed) && !e.hasTools():
		add(canon.Tuning, r.Names[canon.ToolChoiceField], "there are no tools")
	case !e.chooses():
		add(canon.Meaning, r.Names[canon.ToolChoiceField], "it demands a tool that is not among the tools")
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		if !e.takesTools() {
			break // all of them are named
		}
		fit := e.toolFit(t)
		if fit.OK && fit.Strict == t.Strict.True() && len(fit.Losses) == 0 && t.Cache == nil && len(t.Extra) == 0 {
			continue
		}
		path := r.ToolPath(i)
		if t.Other {
			add(t.Lack(), path, "it runs no tools of other providers")
			continue
		}
		if e.unsupportedSchema(add, t, &fit, path); !fit.OK {
			continue
		}
		if t.Cache != nil {
			add(canon.Tuning, path+".cache_control", "it caches by itself")
		}
		addExtra(add, path+".", t.Extra)
	}
}

// effortFindings names what the model is not told of how to reason, or not as it was asked.
func (e *encoder) effortFindings(add adder) {
	r, none := &e.r.Reason, e.t.Traits.Reasoning == trait.ReasoningNone
	field := e.r.ReasonName()
	if r.Mode == canon.ReasonOff && !none && e.effort != trait.EffortNone && !switchesOff(&e.t.Traits, e.asked) {
		add(canon.Tuning, field, "not to reason cannot be asked of every model")
	}
	asks := r.Mode == canon.ReasonOn || r.Mode == canon.ReasonAdaptive
	if asks && none {
		add(canon.Tuning, field, "this model does not reason")
	}
	guided := len(r.Effort) > 0 && r.Mode != canon.ReasonOff
	if asks && !none && r.Budget > 0 && (guided || e.asked == e.effort) {
		add(canon.Tuning, field+".budget_tokens", "it takes an effort, no budget")
	}
	switch {
	case guided && e.effort == "":
		add(canon.Tuning, e.r.EffortName(), "an effort guides reasoning only")
	case guided && e.effort != trait.Effort(r.Effort) && (e.t.Traits.Efforts.Known() || !trait.Effort(r.Effort).Known()):
		add(canon.Tuning, e.r.EffortName(), "this model takes other efforts, or other ones with tools")
	case !guided && asks && !none && e.asked != e.effort:
		add(canon.Tuning, field, "this model takes no such effort, or not with tools")
	}
}

func addExtra(add adder, prefix string, extra []canon.Member) {
	for _, u := range canon.Extra(nil, prefix, extra) {
		add(u.Kind, u.Field, u.Why)
	}
}

func (e *encoder) unsupportedParts(add adder) {
	for i := range e.r.Messages {
		m := &e.r.Messages[i]
		if m.Role == canon.RoleOther && !e.same {
			add(canon.Meaning, m.Parts[0].Place.Path()+".role", "the role is another dialect's")
			continue
		}
		if !e.same && len(m.Extra) > 0 {
			addExtra(add, e.r.MessagePath(m.At)+".", m.Extra)
		}
		e.unsupportedList(add, m.Parts)
	}
}

func (e *encoder) unsupportedList(add adder, parts []canon.Part) {
	for i := range parts {
		p := &parts[i]
		if !e.supports(p) {
			kind, why := e.lacks(p)
			add(kind, p.Place.Path()+suffix(e.r.Dialect, p), why)
			if suffix(e.r.Dialect, p) != "" { // what stands beside that member
				addBeside(add, p)
			}
			continue
		}
		if e.same && byFunction(p) && !e.keepsFunctions() {
			e.unsupportedFunction(add, p)
		}
		if e.standsCalled(p) {
			addExtra(add, p.Place.Path()+".", p.Extra)
		}
		if !e.same && p.Cache != nil {
			add(canon.Tuning, p.Place.Path()+".cache_control", "it caches by itself")
		}
		if !e.same && len(p.Extra) > 0 {
			addExtra(add, p.Place.Path()+".", p.Extra)
		}
		if !e.same && p.Kind == canon.Thinking && p.Signature != nil {
			add(canon.Tuning, p.Place.Path()+".signature", "it checks no signatures of other providers")
		}
		e.unsupportedList(add, p.Content)
	}
}

// unsupportedFunction names what a function's call or result says that a tool's cannot.
func (e *encoder) unsupportedFunction(add adder, p *canon.Part) {
	if p.Astray {
		add(canon.Tuning, p.Place.Path()+".name", "the call before it has another name")
	}
	addExtra(add, p.Place.Path()+".", p.Extra)
}

// addBeside names what stands in a part that goes beside its main member.
func addBeside(add adder, p *canon.Part) {
	for _, u := range canon.Beside(nil, p) {
		add(u.Kind, u.Field, u.Why)
	}
}

// unsupportedRuns names what is lost of a client's neighbours that become one message.
func (e *encoder) unsupportedRuns(add adder) {
	for i := 0; e.same && i < len(e.r.Messages); i++ {
		n := e.neighbours(i)
		if n > 1 && e.r.Messages[i].Role == canon.RoleAssistant {
			_, lost := joined(e.r.Messages[i : i+n])
			for _, field := range lost {
				add(canon.Tuning, field, "it wants one message here, which has this already")
			}
		}
		i += n - 1
	}
}

// suffix names the member of an OpenAI part that holds what does not fit.
func suffix(dialect string, p *canon.Part) string {
	if dialect != "openai" || p.Place.List != canon.InContent || p.Place.Item < 0 || len(p.Type) == 0 || p.Kind == canon.Text {
		return ""
	}
	return "." + string(p.Type)
}
