package openai

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/policy/quirk"
)

// neighbours counts the messages of one speaker from i on that another dialect takes
// for one turn. In this one, a call must be answered by the messages right after its
// own. A client of this dialect is taken at its word unless its calls or results are
// scattered.
func (e *encoder) neighbours(i int) int {
	role := e.r.Messages[i].Role
	if role != canon.RoleUser && role != canon.RoleAssistant {
		return 1
	}
	n := 1
	for i+n < len(e.r.Messages) && e.r.Messages[i+n].Role == role {
		n++
	}
	if n > 1 && e.same && (e.t.Quirks.History == quirk.AnyHistory || !scattered(e.r.Messages[i:i+n])) {
		return 1
	}
	return n
}

// run writes neighbours: assistant's messages as one, so that all their calls stand in
// it, and of a user's the results of tools before all else.
func (e *encoder) run(messages []canon.Message) {
	if messages[0].Role == canon.RoleUser {
		for i := range messages {
			e.results(&messages[i])
		}
		for i := range messages {
			e.said(&messages[i], "user")
		}
		return
	}
	all, _ := joined(messages)
	e.said(&all, "assistant")
}

// joined returns messages of the assistant as one, and the members that it lacks because
// one before has them too. Their reasoning becomes one text.
func joined(messages []canon.Message) (all canon.Message, lost []string) {
	all.Role, all.At, all.Name = messages[0].Role, messages[0].At, messages[0].Name
	for i := range messages {
		m := &messages[i]
		all.Parts = append(all.Parts, m.Parts...)
		if i > 0 && !canon.Empty(m.Name) {
			lost = append(lost, fmt.Sprintf("messages[%d].name", m.At))
		}
		for _, member := range m.Extra {
			switch {
			case member.Read:
			case canon.Has(all.Extra, member.Name):
				lost = append(lost, fmt.Sprintf("messages[%d].%s", m.At, member.Name))
			default:
				all.Extra = append(all.Extra, member)
			}
		}
	}
	return all, lost
}

// open begins a message. A server that wants the assistant to speak between a tool and
// the user is given a word of it.
func (e *encoder) open(role string) {
	if e.t.Quirks.NoUserAfterTool && e.role == "tool" && role == "user" {
		e.b = append(canon.AppendComma(e.b), `{"role":"assistant","content":"OK."}`...)
	}
	e.role = role
	e.b = append(append(canon.AppendComma(e.b), `{"role":"`...), role...)
	e.b = append(e.b, '"')
}
