package canon

// OneChoice picks the choice that a client gets whose dialect knows one: the first of which a
// stream speaks, whatever number its server gives it. The zero value is ready. Not for
// concurrent use.
type OneChoice struct {
	known bool
	index int
}

// Skips reports whether an event belongs to another choice.
func (o *OneChoice) Skips(ev *Event) bool {
	switch ev.Kind {
	case EventStart, EventUsage, EventFailed, EventDone, EventBlank, EventComment:
		return false
	default: // says something of a choice
	}
	if !o.known {
		o.known, o.index = true, ev.Choice
	}
	return ev.Choice != o.index
}
