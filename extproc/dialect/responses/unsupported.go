package responses

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/policy/trait"
)

// Unsupported lists what a request holds that a server of this dialect cannot express, by
// the paths of the client's body. It is empty if nothing is; Encode leaves out exactly what
// it lists.
func (Dialect) Unsupported(r *canon.Request, t canon.Target) []canon.Unsupported {
	e := newEncoder(r, &t)
	return e.unsupported()
}

type adder func(kind canon.UnsupportedKind, field, why string)

func (e *encoder) unsupported() (u []canon.Unsupported) {
	add := func(kind canon.UnsupportedKind, field, why string) {
		u = append(u, canon.Unsupported{Field: field, Kind: kind, Why: why})
	}
	e.unsupportedFormat(add)
	e.refusals(add)
	for i := range e.r.Tools {
		if e.tooStrict(&e.r.Tools[i]) {
			add(canon.Tuning, e.r.StrictPath(i), "it knows no strict tools")
		}
	}
	if !e.same {
		e.translatedFields(add)
	}
	e.unsupportedMessages(add)
	if last := e.unasked(); last != nil {
		add(canon.Impossible, e.r.MessagePath(last.At), "it holds nothing that the model can be asked")
	}
	return u
}

func (e *encoder) translatedFields(add adder) {
	r := e.r
	for i, v := range r.Fields {
		if f := canon.Field(i); len(v) > 0 {
			e.unsupportedField(add, f, v)
		}
	}
	if len(r.Stop) > 0 && e.t.Traits.Stop == trait.No {
		add(canon.Tuning, r.Names[canon.Stop], "the model does not take it")
	} else if len(r.Stop) > 0 {
		add(canon.Meaning, r.Names[canon.Stop], "it takes no stop sequences")
	}
	switch n := r.MaxTokens; {
	case n > 0 && e.limit() < n:
		add(canon.Tuning, r.MaxTokensName, fmt.Sprintf("the model answers with %d tokens at most", e.limit()))
	case e.limit() > n:
		add(canon.Tuning, r.MaxTokensName, fmt.Sprintf("it takes no limit below %d tokens", minTokens))
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
		add(canon.Meaning, r.ChoiceName(), "this kind of choice is another dialect's")
	case (c == canon.ChoiceRequired || c == canon.ChoiceNamed) && len(r.Tools) == 0:
		add(canon.Tuning, r.ChoiceName(), "there are no tools")
	case !e.chooses():
		add(canon.Meaning, r.ChoiceName(), "it demands a tool that is not among the tools")
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		if !e.takesTools() {
			break // all of them are named
		}
		if t.Other {
			add(canon.Meaning, r.ToolPath(i), "it runs no tools of other providers")
			continue
		}
		fit := e.toolFit(t)
		if e.unsupportedSchema(add, i, &fit); !fit.OK {
			continue
		}
		if t.Cache != nil {
			add(canon.Tuning, r.CachePath(i), "it caches by itself")
		}
		if len(t.Extra) > 0 {
			addExtra(add, r.ToolPath(i)+".", t.Extra)
		}
	}
	e.customFindings(add)
}

// effortFindings names what the model is not told of how to reason, or not as it was asked.
func (e *encoder) effortFindings(add adder) {
	r, none := &e.r.Reason, e.t.Traits.Reasoning == trait.ReasoningNone
	field := e.r.ReasonName()
	if r.Mode == canon.ReasonOff && !none && e.effort != trait.EffortNone {
		add(canon.Tuning, field, "not to reason cannot be asked of every model")
	}
	asks := r.Mode == canon.ReasonOn || r.Mode == canon.ReasonAdaptive
	if asks && none {
		add(canon.Tuning, field, "this model does not reason")
	}
	guided := len(r.Effort) > 0 && r.Mode != canon.ReasonOff
	if asks && !none && r.Budget > 0 && (guided || e.asked == e.effort) {
		add(canon.Tuning, r.BudgetName(), "it takes an effort, no budget")
	}
	switch {
	case guided && e.effort == "":
		add(canon.Tuning, e.r.EffortName(), "an effort guides reasoning only")
	case guided && e.effort != trait.Effort(r.Effort) && (e.t.Traits.Efforts.Known() || !trait.Effort(r.Effort).Known()):
		add(canon.Tuning, e.r.EffortName(), "this model takes other efforts")
	case !guided && asks && !none && e.asked != e.effort:
		add(canon.Tuning, field, "this model takes no such effort")
	}
}

func addExtra(add adder, prefix string, extra []canon.Member) {
	for _, u := range canon.Extra(nil, prefix, extra) {
		add(u.Kind, u.Field, u.Why)
	}
}

func (e *encoder) unsupportedMessages(add adder) {
	for i := range e.r.Messages {
		m := &e.r.Messages[i]
		if m.Role == canon.RoleOther && !e.same {
			add(canon.Meaning, m.Parts[0].Place.Path()+".role", "the role is another dialect's")
			continue
		}
		if !e.same {
			if !canon.Empty(m.Name) && !namesTool(m) {
				add(canon.Tuning, e.r.MessagePath(m.At)+".name", "speakers have no names")
			}
			if len(m.Extra) > 0 {
				addExtra(add, e.r.MessagePath(m.At)+".", m.Extra)
			}
		}
		e.unsupportedParts(add, m.Parts)
	}
}

// namesTool reports whether a message's name is that of the tool whose result it is, which
// the call says.
func namesTool(m *canon.Message) bool {
	return len(m.Parts) == 1 && m.Parts[0].Kind == canon.ToolResult && !m.Parts[0].Astray
}

func (e *encoder) unsupportedParts(add adder, parts []canon.Part) {
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
		if !e.same && p.Cache != nil {
			add(canon.Tuning, p.CachePath(), "it caches by itself")
		}
		if !e.same && len(p.Extra) > 0 {
			addExtra(add, p.Place.Path()+".", p.Extra)
		}
		e.unsupportedParts(add, p.Content)
	}
}

// addBeside names what stands in a part that goes beside its main member.
func addBeside(add adder, p *canon.Part) {
	for _, u := range canon.Beside(nil, p) {
		add(u.Kind, u.Field, u.Why)
	}
}

// suffix names the member of a part of OpenAI's chat completions that holds what does not
// fit.
func suffix(dialect string, p *canon.Part) string {
	if dialect != "openai" || p.Place.List != canon.InContent || p.Place.Item < 0 || len(p.Type) == 0 || p.Kind == canon.Text || p.Kind == canon.Other {
		return ""
	}
	return "." + string(p.Type)
}
