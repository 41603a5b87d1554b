package policy

import (
	"maps"
	"slices"

	"github.com/headgate/headgate/policy/strict"
)

// API says in which of its APIs a backend that has several is asked for an answer.
type API string

// The values of API.
const (
	APIAuto      API = "auto"      // the one that the client speaks, if the backend has it, else chat
	APIChat      API = "chat"      // chat completions
	APIResponses API = "responses" // OpenAI's Responses
)

// responsesDialect is the dialect of OpenAI's Responses, which servers of the dialect
// openai may have beside it.
const responsesDialect = "responses"

// Dialects returns the dialects that the backend speaks: first the one that it speaks for
// everything.
func (b *Backend) Dialects() []string {
	if b.Responses {
		return []string{b.Dialect, responsesDialect}
	}
	return []string{b.Dialect}
}

// hasResponses reports whether a backend that does not say it has Responses.
func (b *Backend) hasResponses() bool { return b.Provider.Responses && b.Dialect == "openai" }

// Asked returns the dialect in which a backend of the model is asked for an answer by a
// client that speaks another or the same one.
func (m *Model) Asked(b *Backend, client string) string {
	if b.Responses && (m.API == APIResponses || m.API == APIAuto && client == responsesDialect) {
		return responsesDialect
	}
	return b.Dialect
}

// Speaks reports whether a backend speaks a dialect, as the one for everything or beside it.
func (b *Backend) Speaks(dialect string) bool {
	return b.Dialect == dialect || b.Responses && dialect == responsesDialect
}

// Speaking returns the names of the backends that speak a dialect, in order.
func (s *Set) Speaking(dialect string) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(s.Backends)) {
		if s.Backends[name].Speaks(dialect) {
			names = append(names, name)
		}
	}
	return names
}

// hasResponses reports whether a backend of the model has Responses.
func (m *Model) hasResponses() bool {
	return slices.ContainsFunc(m.Uses(), func(u Use) bool { return u.Backend.Responses })
}

// placedAPI is a model that chooses an API, and where it says so.
type placedAPI struct {
	model *Model
	at    strict.Place
}

// checkAPIs reports models that choose an API which no backend of theirs has, as far as
// the backends are known.
func (c *compiler) checkAPIs() {
	for _, n := range strict.Notes[placedAPI](c.Reader) {
		unknown := slices.ContainsFunc(n.model.Uses(), func(u Use) bool { return c.doc.Backends[u.Backend.Name] == nil })
		if !unknown && !n.model.hasResponses() {
			c.Fault(n.at, "add responses: true to a backend of the openai dialect that has this API, or leave it out", "has no effect: no backend of the model has Responses")
		}
	}
}
