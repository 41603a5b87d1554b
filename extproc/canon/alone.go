package canon

// findAlone finds the calls that the next turn does not answer, and the results of no call
// in the turn before. A turn is a run of messages of one role; what a system says does
// not end one.
func (r *Request) findAlone() {
	var calls, results []*Part
	answered := false // results of the calls have come
	for i := range r.Messages {
		m := &r.Messages[i]
		switch {
		case m.Role == RoleAssistant && answered:
			pair(calls, results)
			calls, results, answered = calls[:0], results[:0], false
		case m.Role == RoleUser:
			answered = true
		}
		for k := range m.Parts {
			p := &m.Parts[k]
			p.Role = m.Role
			switch p.Kind {
			case ToolCall:
				if p.Alone = true; m.Role == RoleAssistant {
					calls = append(calls, p)
				}
			case ToolResult:
				if p.Alone = true; m.Role == RoleUser {
					results = append(results, p)
				}
			default: // neither calls nor answers
			}
		}
	}
	pair(calls, results)
}

// maxCompared is how many pairs are compared one by one. Beyond it a hostile request would
// cost its square.
const maxCompared = 4096

// pair notes which calls and results of a turn and the next have each other.
func pair(calls, results []*Part) {
	if len(calls)*len(results) > maxCompared {
		pairByMap(calls, results)
		return
	}
	for _, c := range calls {
		for _, p := range results {
			if c.Twin == p.Twin && string(c.ID) == string(p.ID) {
				meet(c, p)
			}
		}
	}
}

func meet(call, result *Part) {
	call.Alone, result.Alone = false, false
	result.Astray = !Empty(result.Name) && !same(result.Name, call.Name)
	result.Custom = call.Custom
}

func pairByMap(calls, results []*Part) {
	by := make(map[string]*Part, len(calls))
	for _, c := range calls {
		by[identity(c.ID, c.Twin)] = c
	}
	for _, p := range results {
		if c := by[identity(p.ID, p.Twin)]; c != nil {
			meet(c, p)
		}
	}
}
