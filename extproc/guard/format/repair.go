package format

import (
	"errors"
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// RepairBody returns a client's request for a whole answer with two turns more: the model's answer,
// and a request for one of the right form, which names what is wrong. Nothing else of the body
// changes. Describe gives the answer of a choice.
func RepairBody(body []byte, dialect, answer string, faults []Fault) ([]byte, error) {
	list, ok := lists[dialect]
	if !ok {
		return nil, fmt.Errorf("requests of the dialect %s cannot be repaired", dialect)
	}
	m := scan.Document(body)
	turns := scan.Edit{Start: -1}
	for m.Next() {
		if string(m.Key()) != list {
			continue
		}
		start, end := m.Span()
		switch v := m.Value(); {
		case v.Kind() == scan.Array:
			turns = scan.Edit{Start: end - 1, End: end - 1, With: turnsOf(v, answer, faults)}
		case v.Kind() == scan.String && list == "input": // what the user says
			said := append([]byte(`[{"role":"user","content":`), v...)
			turns = scan.Edit{Start: start, End: end, With: append(append(append(said, '}', ','), turnsOf(nil, answer, faults)...), ']')}
		}
	}
	if m.Err() != nil || turns.Start < 0 {
		return nil, errors.New("the request has no list of messages")
	}
	edits := append(scan.Reshape(nil, body, whole), turns)
	scan.Sort(edits)
	return scan.Splice(nil, body, edits), nil
}

// lists are what the dialects call the turns.
var lists = map[string]string{"openai": "messages", "anthropic": "messages", "responses": "input"}

// whole makes a request one for a whole answer.
func whole(m *scan.Members) (scan.Fate, []byte) {
	switch string(m.Key()) {
	case "stream":
		return scan.Replaced, []byte(`"stream":false`)
	case "stream_options":
		return scan.Dropped, nil
	}
	return scan.Kept, nil
}

func turnsOf(messages scan.Value, answer string, faults []Fault) (b []byte) {
	if e := messages.Elements(); e.Next() {
		b = append(b, ',')
	}
	if strings.TrimSpace(answer) == "" {
		answer = "(nothing)" // servers refuse a turn without text
	}
	b = scan.AppendString(append(b, `{"role":"assistant","content":`...), answer)
	b = scan.AppendString(append(b, `},{"role":"user","content":`...), ask(faults))
	return append(b, '}')
}

// ask asks a model for an answer of the right form.
func ask(faults []Fault) string {
	var b strings.Builder
	b.WriteString("Your answer does not have the form that was asked for:\n")
	calls := false
	for _, f := range faults {
		b.WriteString("- " + f.String() + "\n")
		calls = calls || f.Tool != ""
	}
	if calls {
		b.WriteString("Call the tools again, all of them, with arguments that fit their schemas.")
	} else {
		b.WriteString("Answer again, in the right form and with nothing else: no apology, no explanation, no code fence.")
	}
	return b.String()
}

// Describe returns what an answer says, its tool calls in words.
func Describe(choice *canon.Choice) string {
	b := textOf(choice)
	for i := range choice.Parts {
		p := &choice.Parts[i]
		if p.Kind != canon.ToolCall {
			continue
		}
		if len(b) > 0 {
			b = append(b, '\n')
		}
		b = append(append(b, "I called the tool "...), canon.Str(p.Name)...)
		b = append(append(b, " with the arguments "...), textOfArgs(p.Args)...)
	}
	return string(b)
}
