package anthropic

import (
	"encoding/binary"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/policy/trait"
)

// turn is a run of messages that become one: Anthropic wants user and assistant
// to take turns. System messages inside it were hoisted.
type turn struct {
	role     canon.Role
	from, to int // of Request.Messages
}

// encoder writes one request. It is filled by plan.
type encoder struct {
	b       []byte
	r       *canon.Request
	t       *canon.Target
	same    bool // client and backend speak this dialect
	turns   []turn
	begins  int          // the first turn that is written
	asks    int          // the last turn of the user's that is; -1: none
	asked   int          // index of the system message that must do as the user's; -1: none
	think   bool         // the model reasons before it answers
	budget  int64        // of thinking; 0: the model chooses
	effort  trait.Effort // that goes out; empty: none
	limit   int64        // of the answer's tokens
	json    bool         // the system prompt must ask for JSON
	skip    int          // cache breakpoints that are one too many
	answers map[string]bool
}

func plan(dst []byte, r *canon.Request, t *canon.Target) encoder {
	e := encoder{b: dst, r: r, t: t, same: r.Dialect == "anthropic", asked: -1}
	e.takeTurns()
	e.beginTurns()
	e.limit = r.MaxTokens
	if e.limit == 0 {
		e.limit = t.MaxTokens
	}
	if e.limit == 0 {
		e.limit = defaultMaxTokens
	}
	if t.MaxTokens > 0 && !e.same {
		e.limit = min(e.limit, t.MaxTokens)
	}
	e.json = r.Format.Kind == canon.FormatObject
	e.think, e.budget = e.reasons()
	e.effort = e.guides()
	e.skip = e.tooMany()
	return e
}

func (e *encoder) takeTurns() {
	e.turns = make([]turn, 0, len(e.r.Messages))
	last := -1
	for i := range e.r.Messages {
		m := &e.r.Messages[i]
		role := m.Role
		if role == canon.RoleSystem || role == canon.RoleDeveloper {
			last = i
			if n := len(e.turns); n == 0 || !e.keepsSystem() {
				continue
			}
			role = canon.RoleSystem
		}
		if role == canon.RoleOther {
			continue
		}
		if n := len(e.turns); n > 0 && e.turns[n-1].role == role && !e.same {
			e.turns[n-1].to = i + 1
			continue
		}
		e.turns = append(e.turns, turn{role, i, i + 1})
	}
	if len(e.turns) == 0 && last >= 0 {
		e.asked = last
		e.turns = append(e.turns, turn{canon.RoleUser, last, last + 1})
	}
}

func (e *encoder) keepsSystem() bool { return e.same || e.t.Traits.MidSystem }

// in reports whether a message is a part of the turn and not hoisted out of it.
func (e *encoder) in(t turn, m *canon.Message) bool {
	switch m.Role {
	case canon.RoleSystem, canon.RoleDeveloper:
		return t.role == canon.RoleSystem || e.asked >= 0
	default:
		return m.Role == t.role
	}
}

// hoisted reports whether message i belongs to the system prompt.
func (e *encoder) hoisted(i int) bool {
	role := e.r.Messages[i].Role
	if role != canon.RoleSystem && role != canon.RoleDeveloper || i == e.asked {
		return false
	}
	return !e.keepsSystem() || e.begins == len(e.turns) || i < e.turns[e.begins].from
}

// paired reports whether the turn after n, or for a result the one before it,
// holds the other half of a call.
func (e *encoder) paired(n int, p *canon.Part) bool {
	other, want, by := n+1, canon.ToolResult, canon.RoleUser
	if p.Kind == canon.ToolResult {
		other, want, by = n-1, canon.ToolCall, canon.RoleAssistant
	}
	if other < e.begins || other >= len(e.turns) || e.turns[other].role != by {
		return false
	}
	t := e.turns[other]
	count := 0
	for i := t.from; i < t.to; i++ {
		if e.r.Messages[i].Role != by {
			continue
		}
		parts := e.r.Messages[i].Parts
		if count += len(parts); count > maxSearch {
			return e.pairedByMap(t, want, p)
		}
		for k := range parts {
			if parts[k].Kind == want && !parts[k].Broken && parts[k].Twin == p.Twin && string(parts[k].ID) == string(p.ID) {
				return true
			}
		}
	}
	return false
}

// maxSearch is how many parts are searched one by one for the other half of a
// call. Beyond it a hostile request would cost its square.
const maxSearch = 64

func (e *encoder) pairedByMap(t turn, want canon.Kind, p *canon.Part) bool {
	key := func(id []byte, twin int32) string {
		head := binary.LittleEndian.AppendUint64([]byte{byte(want)}, uint64(t.from)<<32|uint64(uint32(twin)))
		return string(append(head, id...))
	}
	if e.answers == nil {
		e.answers = make(map[string]bool)
	}
	if mark := key(nil, 0); !e.answers[mark] {
		e.answers[mark] = true
		for i := t.from; i < t.to; i++ {
			for k := range e.r.Messages[i].Parts {
				if o := &e.r.Messages[i].Parts[k]; o.Kind == want && o.Role == t.role && !o.Broken {
					e.answers[key(o.ID, o.Twin)] = true
				}
			}
		}
	}
	return e.answers[key(p.ID, p.Twin)]
}
