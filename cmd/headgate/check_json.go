package main

import (
	"encoding/json"
	"io"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/advice"
)

// checkReport is what check says to programs. Lists are never null.
type checkReport struct {
	Valid    bool            `json:"valid"`
	Revision string          `json:"revision,omitempty"`
	Faults   []faultReport   `json:"faults"`
	Backends []backendReport `json:"backends"`
	Chains   []chainReport   `json:"chains"`
	// Wildcards is what becomes of names that stand nowhere in the policy.
	Wildcards []wildcardReport `json:"wildcards"`
	Default   string           `json:"default,omitempty"` // the name that is answered in place of others
	Advice    []adviceReport   `json:"advice"`
}

type faultReport struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Col     int    `json:"col"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

type chainReport struct {
	Model     string       `json:"model"`
	Attempts  int          `json:"attempts"`
	Retries   int          `json:"retries"`
	TimeoutMS int64        `json:"timeout_ms"`
	BeginsMS  int64        `json:"begins_ms"` // at worst, until an answer's headers or an error
	WorstMS   int64        `json:"worst_ms"`  // until a whole JSON answer, silent for once, or an error
	Sooner    []string     `json:"sooner"`    // the keys that shorten begins_ms, and by how much
	Links     []linkReport `json:"links"`
}

type linkReport struct {
	ReachedMS int64       `json:"reached_ms"` // at worst
	Uses      []useReport `json:"uses"`
}

type useReport struct {
	Use    string `json:"use"`
	Weight uint32 `json:"weight"`
}

type adviceReport struct {
	Level   advice.Level `json:"level"`
	Code    advice.Code  `json:"code"`
	Path    string       `json:"path"`
	Message string       `json:"message"`
	Hint    string       `json:"hint,omitempty"`
	File    string       `json:"file,omitempty"`
	Line    int          `json:"line,omitempty"`
	Col     int          `json:"col,omitempty"`
}

func faultsReport(faults *policy.Faults) checkReport {
	r := checkReport{Backends: []backendReport{}, Chains: []chainReport{}, Wildcards: []wildcardReport{}, Advice: []adviceReport{}}
	for _, f := range faults.Faults {
		r.Faults = append(r.Faults, faultReport(f))
	}
	return r
}

func validReport(set *policy.Set, found []advice.Advice) checkReport {
	r := checkReport{Valid: true, Revision: set.Revision, Faults: []faultReport{}, Backends: reportBackends(set), Chains: []chainReport{},
		Wildcards: reportWildcards(set), Default: set.Default, Advice: []adviceReport{}}
	for _, c := range advice.Explain(set) {
		r.Chains = append(r.Chains, reportChain(c))
	}
	for _, a := range found {
		r.Advice = append(r.Advice, adviceReport(a))
	}
	return r
}

func reportChain(c advice.Chain) chainReport {
	out := chainReport{
		Model: c.Model, Attempts: c.Attempts, Retries: c.Retries,
		TimeoutMS: c.Timeout.Milliseconds(), BeginsMS: c.Begins.Milliseconds(), WorstMS: c.Worst.Milliseconds(), Sooner: c.Sooner, Links: []linkReport{},
	}
	for _, l := range c.Links {
		link := linkReport{ReachedMS: l.Reached.Milliseconds(), Uses: []useReport{}}
		for _, u := range l.Uses {
			link.Uses = append(link.Uses, useReport{useName(u), u.Weight})
		}
		out.Links = append(out.Links, link)
	}
	return out
}

func (r checkReport) write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
