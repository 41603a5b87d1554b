package provider

import (
	"bytes"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
)

// send sets the headers that are the backend's own: its credential, and those that the
// policy names.
func (p *plan) send(at *exchange.Attempt, t *target) {
	secret, index := p.stage.secrets.Pick(t.backend.Name)
	at.Secret = index
	if t.theirs {
		p.sendTheirs(&at.Out, t)
	}
	if key := secret.Reveal(); key != "" {
		at.Out.SetHeader(t.backend.AuthHeader, t.scheme+key)
	}
	for _, h := range p.stage.secrets.Headers(t.backend.Name) {
		value := h.Reveal()
		if listed[h.Name] {
			value = joined(at.Request.Headers, h.Name, value)
		}
		at.Out.SetHeader(h.Name, value)
	}
}

// listed are headers that list features: those that a client and a backend ask for are
// wanted together.
var listed = map[string]bool{"anthropic-beta": true, "openai-beta": true}

// joined returns a list with the elements that the client asks for before it.
func joined(client exchange.Headers, name, list string) string {
	var all []string
	add := func(text string) {
		for one := range strings.SplitSeq(text, ",") {
			if one = strings.TrimSpace(one); one != "" && !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	for i := range client {
		if client[i].Name == name {
			add(string(client[i].Value))
		}
	}
	add(list)
	return strings.Join(all, ",")
}

// restore sets again what the client sent for the target: an attempt at another one
// before may have removed or replaced it.
func restore(out *exchange.Mutation, req *exchange.Request, t *target) {
	for _, name := range t.own {
		if out.Set.Get(name) != nil {
			continue
		}
		var values [][]byte
		for i := range req.Headers {
			if req.Headers[i].Name == name {
				values = append(values, req.Headers[i].Value)
			}
		}
		if len(values) > 0 {
			out.SetHeader(name, string(bytes.Join(values, []byte(","))))
		}
	}
}
