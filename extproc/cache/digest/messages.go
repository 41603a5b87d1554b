package digest

import (
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// What stands between the parts of turns, whose kinds are written as numbers above 0.
const (
	end    = -1
	extra  = -2
	turnOf = -16 // less the role
)

// messages writes turns. Neighbours of one role mean the same as one turn with the parts of both,
// unless something is said of one of them.
func (w *writer) messages(all []canon.Message) {
	const none = canon.Role(0xff)
	last := none
	for i := range all {
		m := &all[i]
		if role := roleOf(m.Role); role != last || m.Name != nil {
			w.number(turnOf - int64(role))
			w.value(m.Name)
			last = role
		}
		for j := range m.Parts {
			w.part(&m.Parts[j])
		}
		if m.Name != nil || len(m.Extra) > 0 {
			w.number(extra)
			w.members(m.Extra)
			last = none
		}
	}
	w.number(end)
}

// roleOf takes the instructions of developers for the system's, as OpenAI's models do.
func roleOf(r canon.Role) canon.Role {
	if r == canon.RoleDeveloper {
		return canon.RoleSystem
	}
	return r
}

// part writes a piece of a turn.
func (w *writer) part(p *canon.Part) {
	w.number(int64(p.Kind) + 1)
	w.flag(refers(p))
	switch p.Kind {
	case canon.Text, canon.Refusal, canon.Redacted:
		w.value(p.Text)
	case canon.Thinking:
		w.value(p.Text)
		w.value(p.Signature)
	case canon.Image, canon.Document, canon.Audio:
		w.media(p)
	case canon.ToolCall:
		w.value(p.ID)
		w.value(p.Name)
		if w.flag(p.Custom); p.Custom {
			w.value(p.Args)
			break
		}
		w.arguments(p.Args)
	case canon.ToolResult:
		w.value(p.ID)
		w.flag(p.Failed)
		for i := range p.Content {
			w.part(&p.Content[i])
		}
		w.number(end)
	case canon.Other:
		w.text(w.dialect)
		w.value(p.Raw)
	}
	w.members(p.Extra)
}

// refers reports whether a part stands for more than it says: other dialects get its text instead.
func refers(p *canon.Part) bool {
	return string(p.Type) == "tool_reference" || string(p.Type) == "search_result"
}

func (w *writer) media(p *canon.Part) {
	w.number(int64(p.Source))
	w.escaped(p.Media)
	w.escaped(p.Data)
	w.value(p.Text)
	w.value(p.Detail)
	w.value(p.Name)
	if p.Source == canon.FromOther || p.Source == canon.FromFile {
		w.text(w.dialect)
		w.value(p.Raw)
	}
}

// arguments writes those of a call: an object, or a string that holds one.
func (w *writer) arguments(v scan.Value) {
	if text, ok := v.Str(); ok && canon.Whole(text) {
		v = text
	}
	w.value(v)
}

// questionFrom returns where the user's last turn begins; the number of messages if the
// conversation does not end with one of text alone.
func questionFrom(all []canon.Message) int {
	from := len(all)
	for from > 0 && isQuestion(&all[from-1]) {
		from--
	}
	if from > 0 && from < len(all) && all[from-1].Role == canon.RoleUser { // the turn has something else, too
		return len(all)
	}
	return from
}

func isQuestion(m *canon.Message) bool {
	if m.Role != canon.RoleUser || m.Name != nil || len(m.Parts) == 0 || len(m.Extra) > 0 {
		return false
	}
	for i := range m.Parts {
		if p := &m.Parts[i]; p.Kind != canon.Text || len(p.Extra) > 0 || refers(p) {
			return false
		}
	}
	return true
}

// question is the text of a turn.
func question(turn []canon.Message) string {
	var b strings.Builder
	for i := range turn {
		for j := range turn[i].Parts {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			text, _ := turn[i].Parts[j].Text.Str()
			b.Write(text)
		}
	}
	return b.String()
}
