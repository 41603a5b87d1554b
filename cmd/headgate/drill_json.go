package main

import (
	"encoding/json"
	"io"

	"github.com/headgate/headgate/envoy/drill"
)

// drillReport is what drill says to programs. Lists are never null.
type drillReport struct {
	Model  string       `json:"model"`
	TookMS int64        `json:"took_ms"`
	Suite  drillCounts  `json:"suite"`
	Beside drillCounts  `json:"beside"`
	Faults []drillFault `json:"faults"`
}

type drillCounts map[drill.Verdict]int

type drillFault struct {
	Name    string        `json:"name"`
	What    string        `json:"what"`
	Beside  bool          `json:"beside"`
	Verdict drill.Verdict `json:"verdict"` // the worst of its plays
	Plays   []drillPlay   `json:"plays"`
}

type drillPlay struct {
	Way      string         `json:"way"`
	Verdict  drill.Verdict  `json:"verdict"`
	Saw      string         `json:"saw"`
	Link     *int           `json:"link,omitempty"` // that wrote the whole answer
	Asked    int            `json:"asked"`
	FirstMS  int64          `json:"first_byte_ms"`
	TookMS   int64          `json:"took_ms"`
	Billed   []drillBill    `json:"billed"`
	Attempts []drillAttempt `json:"attempts"`
}

type drillBill struct {
	Use    string `json:"use"`
	Input  int    `json:"input"`
	Output int    `json:"output"`
}

type drillAttempt struct {
	Use    string `json:"use,omitempty"`
	Status int    `json:"status,omitempty"` // absent: nothing was answered
	Ended  string `json:"ended"`
	Input  int    `json:"input"`
	Output int    `json:"output"`
}

func printDrillJSON(w io.Writer, r *drill.Report) error {
	out := drillReport{
		Model: r.Model, TookMS: r.Took.Milliseconds(), Faults: []drillFault{},
		Suite: drillCounts{}, Beside: drillCounts{},
	}
	for _, v := range drill.Verdicts {
		out.Suite[v], out.Beside[v] = r.Count(v, false), r.Count(v, true)
	}
	for _, f := range r.Faults {
		fault := drillFault{f.Name, f.What, f.Beside, r.Verdict(f.Name), []drillPlay{}}
		for _, p := range r.Of(f.Name) {
			fault.Plays = append(fault.Plays, reportPlay(p))
		}
		out.Faults = append(out.Faults, fault)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func reportPlay(p drill.Result) drillPlay {
	out := drillPlay{
		Way: p.Way, Verdict: p.Verdict, Saw: p.Saw, Asked: p.Asked, FirstMS: p.First.Milliseconds(),
		TookMS: p.Took.Milliseconds(), Billed: []drillBill{}, Attempts: []drillAttempt{},
	}
	if p.Link >= 0 {
		out.Link = &p.Link
	}
	for _, b := range p.Billed {
		out.Billed = append(out.Billed, drillBill(b))
	}
	for _, a := range p.Attempts {
		out.Attempts = append(out.Attempts, drillAttempt{a.Use, a.Status, a.Ended, a.Input, a.Output})
	}
	return out
}
