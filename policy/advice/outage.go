package advice

import (
	"strings"

	"github.com/headgate/headgate/policy"
)

// noFallback reports that one outage takes every backend of a model. Of a model
// with one link that is often meant; of a chain it is not.
func noFallback(m *policy.Model, _ Expectation) []Advice {
	backend, host := sole(m, backendOf), sole(m, hostOf)
	place := "backend " + backend
	if backend == "" {
		place = "host " + host
	}
	switch {
	case backend == "" && host == "":
		return nil
	case len(m.Chain) == 1:
		return []Advice{give(NoFallback, m.Path(), "", "has no fallback: all goes to %s", place)}
	case backend != "":
		return []Advice{give(OneBackend, m.Path()+".chain", "add a link to another backend", "every link goes to %s: in its outage there is no fallback", place)}
	}
	return []Advice{give(OneHost, m.Path()+".chain", "add a link to another provider or region", "every link goes to %s: in its outage there is no fallback", place)}
}

// sole returns what all uses of a model share, or "" if they differ.
func sole(m *policy.Model, of func(policy.Use) string) string {
	uses := m.Uses()
	for _, u := range uses {
		if of(u) != of(uses[0]) {
			return ""
		}
	}
	return of(uses[0])
}

func backendOf(u policy.Use) string { return u.Backend.Name }

// hostOf returns the host of a use, or "" if the gateway itself answers: it
// has no outage of its own. Two ports of one host go down together.
func hostOf(u policy.Use) string {
	if u.Backend.URL == nil {
		return ""
	}
	return strings.ToLower(u.Backend.URL.Hostname())
}
