package anthropic

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// Unsupported lists what a request holds that Anthropic cannot express, by the paths
// of the client's body. It is empty if nothing is; Encode leaves out,
// or approximates, exactly what it lists.
func (Dialect) Unsupported(r *canon.Request, t canon.Target) []canon.Unsupported {
	e := plan(nil, r, &t)
	return e.unsupported()
}

type findings struct {
	e    *encoder
	list []canon.Unsupported
}

func (u *findings) add(kind canon.UnsupportedKind, field, why string) {
	u.list = append(u.list, canon.Unsupported{Field: field, Kind: kind, Why: why})
}

func (e *encoder) unsupported() []canon.Unsupported {
	u := findings{e: e}
	u.refusals()
	if e.same {
		return u.list // else it goes as the client wrote it: the quirks are those of translation
	}
	u.format()
	u.fields()
	u.sampling()
	u.tools()
	u.marks()
	u.list = canon.Extra(u.list, "", e.r.Extra)
	u.messages()
	if field := e.unasked(); field != "" {
		u.add(canon.Impossible, field, "it holds nothing that the model can be asked")
	}
	return u.list
}

// neutral reports whether a field has the value that it has anyway.
func neutral(f canon.Field, v scan.Value) bool {
	switch f {
	case canon.N:
		return string(v) == "1"
	case canon.Logprobs, canon.Store:
		return string(v) == "false"
	case canon.PresencePenalty, canon.FrequencyPenalty, canon.TopLogprobs:
		return number(v) == 0
	case canon.LogitBias, canon.Metadata:
		m := v.Fields()
		return v.Kind() == scan.Object && !m.Next()
	case canon.Modalities:
		e := v.Elements()
		for e.Next() {
			if string(e.Value()) != `"text"` {
				return false
			}
		}
		return v.Kind() == scan.Array
	case canon.ServiceTier:
		s := string(canon.Inside(v))
		return s == "auto" || s == "default"
	default:
		return false
	}
}

func (u *findings) fields() {
	r := u.e.r
	for i, v := range r.Fields {
		f := canon.Field(i)
		if len(v) == 0 || neutral(f, v) {
			continue
		}
		why := f.Nonsense(v)
		switch f {
		case canon.Temperature, canon.TopP, canon.TopK, canon.User, canon.Parallel:
			if why != "" {
				u.add(canon.Meaning, r.Names[f], why)
			}
		case canon.CacheControl:
			if why != "" {
				u.add(canon.Tuning, r.Names[f], why)
			}
		case canon.SafetyIdentifier:
			if r.Fields[canon.User] != nil {
				u.add(canon.Tuning, r.Names[f], "it takes one id of a user")
			}
		case canon.N:
			u.add(canon.Meaning, r.Names[f], "it gives one answer to a request")
		case canon.Logprobs, canon.TopLogprobs, canon.Modalities, canon.AudioOut, canon.WebSearch:
			u.add(canon.Meaning, r.Names[f], "it cannot do this")
		default:
			u.add(canon.Tuning, r.Names[f], "there is no such field")
		}
	}
	switch r.Format.Kind {
	case canon.FormatObject:
		u.add(canon.Tuning, r.FormatName(), "it has no JSON mode: the system prompt asks for JSON")
	case canon.FormatOther:
		u.add(canon.Meaning, r.FormatName(), "this format is another dialect's")
	case canon.FormatUnset, canon.FormatText, canon.FormatSchema: // can be said
	}
	for _, s := range r.Stop {
		if blank(s) {
			u.add(canon.Tuning, r.Names[canon.Stop], "it takes no stop sequence of blanks only")
			break
		}
	}
	u.reasoning()
	if r.MaxTokens > u.e.limit {
		u.add(canon.Tuning, r.MaxTokensName, fmt.Sprintf("the model answers with %d tokens at most", u.e.limit))
	}
}

// reasoning names what is left out of how the model is to think, or only approximated.
func (u *findings) reasoning() {
	r, t := &u.e.r.Reason, &u.e.t.Traits
	field := u.e.r.ReasonName()
	switch {
	case r.Mode == canon.ReasonOff:
		if t.Reasoning == trait.ReasoningAlways {
			u.add(canon.Tuning, field, "this model always thinks")
		}
	case len(r.Effort) > 0 && !trait.Effort(r.Effort).Known():
		u.add(canon.Tuning, field, "there is no such effort")
	case r.Mode == canon.ReasonUnset:
	case t.Reasoning == trait.ReasoningNone:
		u.add(canon.Tuning, field, "this model does not think")
	case !u.e.think:
		u.add(canon.Tuning, field, "it cannot think with a forced tool, with few tokens, or in a tool loop without its earlier thinking")
	case u.e.effort != "" && t.Efforts.Known() && u.e.effort != trait.Effort(r.Effort) && r.Effort != nil:
		u.add(canon.Tuning, field, "this model takes other efforts: the nearest one is sent")
	}
}

func (u *findings) sampling() {
	r := u.e.r
	for _, f := range [...]canon.Field{canon.Temperature, canon.TopP, canon.TopK} {
		v := r.Fields[f]
		switch {
		case v == nil || f.Nonsense(v) != "":
		case !u.e.samples(f):
			u.add(canon.Tuning, r.Names[f], "this model does not take it, or not together with the other settings")
		case f == canon.Temperature && above(v, 1):
			u.add(canon.Tuning, r.Names[f], "its range ends at 1")
		}
	}
}

func (u *findings) tools() {
	r := u.e.r
	if r.Choice.Mode == canon.ChoiceOther {
		u.add(canon.Meaning, r.Names[canon.ToolChoiceField], "this kind of choice is another dialect's")
	}
	switch {
	case u.e.chooses():
	case len(r.Tools) == 0:
		u.add(canon.Tuning, r.Names[canon.ToolChoiceField], "there are no tools")
	default:
		u.add(canon.Meaning, r.Names[canon.ToolChoiceField], "it demands a tool that is not among the tools")
	}
	budget := u.e.budgetForTools()
	for i := range r.Tools {
		t := &r.Tools[i]
		if !u.e.takesTools() {
			break // all of them are named
		}
		fit := u.e.fitTool(t, &budget)
		if fit.ok && fit.strict == t.Strict.True() && len(fit.losses) == 0 && len(t.Extra) == 0 && t.Cache == nil {
			continue
		}
		path := fmt.Sprintf("%s[%d]", r.Names[canon.ToolsField], i)
		if t.Other {
			u.add(canon.Meaning, path, "this kind of tool is another dialect's")
			continue
		}
		if t.Again {
			u.add(canon.Meaning, path, "a tool before it has the same name")
			continue
		}
		if why := canon.CacheControl.Nonsense(t.Cache); t.Cache != nil && why != "" {
			u.add(canon.Tuning, path+".cache_control", why)
		}
		if u.schema(t, &fit, path) {
			u.list = canon.Extra(u.list, path+".", t.Extra)
		}
	}
}

func (u *findings) messages() {
	e := u.e
	for i := range e.r.Messages {
		m := &e.r.Messages[i]
		if m.Role == canon.RoleOther {
			u.add(canon.Meaning, m.Parts[0].Place.Path()+".role", "the role is another dialect's")
			continue
		}
		if e.hoisted(i) {
			if e.begins < len(e.turns) && i > e.turns[e.begins].from {
				u.add(canon.Tuning, fmt.Sprintf("messages[%d].role", m.At), "it takes system messages before the first turn only: moved there")
			}
			u.parts(inSystem, m.Parts)
		}
		if i == e.asked {
			u.add(canon.Tuning, fmt.Sprintf("messages[%d].role", m.At), "it wants a user's message: sent as one")
		}
		if !canon.Empty(m.Name) {
			u.add(canon.Tuning, fmt.Sprintf("messages[%d].name", m.At), "speakers have no names")
		}
		if len(m.Extra) > 0 {
			u.list = canon.Extra(u.list, fmt.Sprintf("messages[%d].", m.At), m.Extra)
		}
	}
	u.turns()
}

func (u *findings) turns() {
	e := u.e
	for n, t := range e.turns {
		if n < e.begins && t.role == canon.RoleAssistant {
			if !e.speaks(n) {
				continue
			}
			u.add(canon.Meaning, fmt.Sprintf("messages[%d].role", e.r.Messages[t.from].At), "the user must speak first")
			continue
		}
		for i := t.from; i < t.to; i++ {
			if m := &e.r.Messages[i]; e.in(t, m) {
				u.parts(n, m.Parts)
			}
		}
	}
}

func (u *findings) parts(n int, parts []canon.Part) {
	for i := range parts {
		p := &parts[i]
		if !u.e.supports(n, p) {
			kind, why := u.e.lacks(n, p)
			u.add(kind, p.Place.Path()+suffix(p), why)
			continue
		}
		if (p.Kind == canon.Text || p.Kind == canon.Refusal) && !canon.Empty(p.Text) && blank(p.Text) {
			u.add(canon.Tuning, p.Place.Path(), "it takes no text of blanks only")
		}
		if why := canon.CacheControl.Nonsense(p.Cache); p.Cache != nil && why != "" {
			u.add(canon.Tuning, p.Place.Path()+".cache_control", why)
		}
		if p.Detail != nil && string(p.Detail) != `"auto"` {
			u.add(canon.Tuning, p.Place.Path()+suffix(p)+".detail", "it has one resolution")
		}
		if len(p.Extra) > 0 {
			u.list = canon.Extra(u.list, p.Place.Path()+".", p.Extra)
		}
		u.parts(inResult, p.Content)
	}
}

// suffix names the member of a part that holds what does not fit.
func suffix(p *canon.Part) string {
	switch {
	case p.Broken:
		return ".function.arguments"
	case p.Kind == canon.ToolResult:
		return ".tool_call_id"
	case p.Place.List != canon.InContent || p.Place.Item < 0 || len(p.Type) == 0 || p.Kind == canon.Text:
		return ""
	}
	return "." + string(p.Type)
}

// supports reports whether Anthropic takes a part in turn n, or in a place that is in no
// turn.
func (e *encoder) supports(n int, p *canon.Part) bool {
	if e.refuses(p) || !e.admits(n, p.Kind) {
		return false
	}
	switch p.Kind {
	case canon.Text, canon.Refusal:
		return true
	case canon.Thinking:
		return p.Signature != nil && !foreign(p.Signature)
	case canon.Redacted:
		return !foreign(p.Text)
	case canon.Image:
		return fetches(p, imageTypes...)
	case canon.Document:
		return p.Source == canon.FromText || fetches(p, "application/pdf")
	case canon.ToolCall:
		return !p.Broken && e.paired(n, p)
	case canon.ToolResult:
		return e.paired(n, p)
	default:
		return false
	}
}

func (e *encoder) lacks(n int, p *canon.Part) (canon.UnsupportedKind, string) {
	switch {
	case p.Kind == canon.Thinking || p.Kind == canon.Redacted:
		return canon.Tuning, "it takes back only thinking that it signed"
	case n == inSystem && p.Kind != canon.Other:
		return canon.Meaning, "its system prompt is text only"
	case p.Kind == canon.Other && string(p.Type) == "reference":
		return canon.Tuning, "it does not take another provider's references back"
	case p.Kind == canon.Other && p.Place.List == canon.InReasoning:
		return canon.Tuning, "it does not take another provider's reasoning back"
	case p.Kind == canon.ToolCall && !p.Broken:
		return canon.Meaning, "the next message must answer this call"
	case p.Kind == canon.ToolCall:
		return canon.Meaning, "the arguments must be a JSON object"
	case p.Kind == canon.ToolResult:
		return canon.Meaning, "the message before it must make this call"
	case p.Kind == canon.Image && e.t.Quirks.NoImages:
		return canon.Meaning, "it takes no images"
	case p.Kind == canon.Image:
		return canon.Meaning, "it takes images by data and by address only"
	case p.Kind == canon.Audio:
		return canon.Meaning, "it takes no audio"
	case p.Kind == canon.Document && e.t.Traits.PDF == trait.No:
		return canon.Meaning, "the model takes no PDF"
	case p.Kind == canon.Document:
		return canon.Meaning, "it takes documents by PDF data only"
	}
	return canon.Meaning, "it takes no such content"
}
