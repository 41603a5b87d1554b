package anthropic

import (
	"fmt"
	"slices"

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
		if f := canon.Field(i); len(v) > 0 && !neutral(f, v) {
			u.field(f, v)
		}
	}
	switch r.Format.Kind {
	case canon.FormatObject:
		u.add(canon.Tuning, r.FormatName(), "it has no JSON mode: the system prompt asks for JSON")
	case canon.FormatOther:
		u.add(canon.Meaning, r.FormatName(), "this format is another dialect's")
	case canon.FormatUnset, canon.FormatText, canon.FormatSchema: // can be said
	}
	if slices.ContainsFunc(r.Stop, blank) {
		u.add(canon.Tuning, r.Names[canon.Stop], "it takes no stop sequence of blanks only")
	}
	u.reasoning()
	if r.MaxTokens > u.e.limit {
		u.add(canon.Tuning, r.MaxTokensName, fmt.Sprintf("the model answers with %d tokens at most", u.e.limit))
	}
}

// field names a field that is left out, or why its value cannot be meant.
func (u *findings) field(f canon.Field, v scan.Value) {
	kind, why := canon.Meaning, f.Nonsense(v)
	switch f {
	case canon.Temperature, canon.TopP, canon.TopK, canon.User:
	case canon.Parallel:
		if why == "" && !v.True() && !u.e.hasTools() {
			kind, why = canon.Tuning, "there are no tools"
		}
	case canon.CacheControl:
		kind = canon.Tuning
	case canon.SafetyIdentifier:
		if why = ""; u.e.r.Fields[canon.User] != nil {
			kind, why = canon.Tuning, "it takes one id of a user"
		}
	case canon.N:
		why = "it gives one answer to a request"
	case canon.Logprobs, canon.TopLogprobs, canon.Modalities, canon.AudioOut, canon.WebSearch:
		why = "it cannot do this"
	default:
		kind, why = canon.Tuning, "there is no such field"
	}
	if why != "" {
		u.add(kind, u.e.r.Names[f], why)
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
	case r.Effort != nil && !trait.Effort(r.Effort).Known():
		u.add(canon.Tuning, field, "no such effort is known: the model's own is taken, or a high one")
	case !u.e.think:
		u.add(canon.Tuning, field, "it cannot think with a forced tool, with few tokens, or in a tool loop without its earlier thinking")
	case r.Budget > 0 && r.Budget != u.e.budget:
		u.add(canon.Tuning, r.BudgetName(), "this model thinks as it sees fit, or with less")
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
		u.add(canon.Meaning, r.ChoiceName(), "this kind of choice is another dialect's")
	}
	switch {
	case u.e.chooses():
	case len(r.Tools) == 0:
		u.add(canon.Tuning, r.ChoiceName(), "there are no tools")
	default:
		u.add(canon.Meaning, r.ChoiceName(), "it demands a tool that is not among the tools")
	}
	budget := u.e.budgetForTools()
	for i := range r.Tools {
		t := &r.Tools[i]
		if !u.e.takesTools() {
			break // all of them are named
		}
		fit := u.e.fitTool(t, &budget)
		if t.Custom && !t.AnyText() {
			u.add(canon.Tuning, r.GrammarPath(i), "it stands in the description, and is not enforced")
		}
		if fit.ok && fit.strict == t.Strict.True() && len(fit.losses) == 0 && len(t.Extra) == 0 && t.Cache == nil {
			continue
		}
		if t.Other {
			u.add(t.Lack(), r.ToolPath(i), "this kind of tool is another dialect's")
			continue
		}
		if t.Again {
			u.add(canon.Meaning, r.ToolPath(i), "a tool before it has the same name")
			continue
		}
		if why := canon.CacheControl.Nonsense(t.Cache); t.Cache != nil && why != "" {
			u.add(canon.Tuning, r.CachePath(i), why)
		}
		if u.schema(i, &fit) {
			u.list = canon.Extra(u.list, r.ToolPath(i)+".", t.Extra)
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
				u.add(canon.Tuning, e.r.MessagePath(m.At)+".role", "it takes system messages before the first turn only: moved there")
			}
			u.parts(inSystem, m.Parts)
		}
		if i == e.asked {
			u.add(canon.Tuning, e.r.MessagePath(m.At)+".role", "it wants a user's message: sent as one")
		}
		if !canon.Empty(m.Name) && !named(m) {
			u.add(canon.Tuning, e.r.MessagePath(m.At)+".name", "speakers have no names")
		}
		if len(m.Extra) > 0 {
			u.list = canon.Extra(u.list, e.r.MessagePath(m.At)+".", m.Extra)
		}
	}
	u.turns()
}

// named reports whether a message's name is that of the tool whose result it is, which the
// call says.
func named(m *canon.Message) bool {
	return len(m.Parts) == 1 && m.Parts[0].Kind == canon.ToolResult && !m.Parts[0].Astray
}

func (u *findings) turns() {
	e := u.e
	for n, t := range e.turns {
		if n < e.begins && t.role == canon.RoleAssistant {
			if !e.speaks(n) {
				continue
			}
			u.add(canon.Meaning, e.r.MessagePath(e.r.Messages[t.from].At)+".role", "the user must speak first")
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
			if suffix(p) != "" { // what stands beside that member
				u.list = canon.Beside(u.list, p)
			}
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
	case p.Place.List != canon.InContent || p.Place.Item < 0 || len(p.Type) == 0 || p.Kind == canon.Text || p.Kind == canon.Other:
		return ""
	}
	return "." + string(p.Type)
}
