// Package consoletest has a policy with a history in memory, for tests of the admin API
// and of who calls it.
package consoletest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

// Start is when the first change of a history took effect unless it was begun with At.
var Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Policies is a Source in memory whose last refusal can be made up.
type Policies struct {
	*source.Source
	refused atomic.Pointer[source.Refusal]
}

// New begins a history with a policy file. Each change takes effect a minute after the
// one before.
func New(t testing.TB, text string) *Policies {
	t.Helper()
	return At(t, Start, text)
}

// At is New at some time.
func At(t testing.TB, start time.Time, text string) *Policies {
	t.Helper()
	history := &source.Memory{}
	record(t, history, source.Change{Number: 1, Origin: source.FromFile, Author: "file", At: start,
		Files: []policy.File{{Name: "policy.yaml", Data: []byte(text)}}})
	s, err := source.Open(source.Options{History: history, Now: func() time.Time {
		return start.Add(time.Duration(len(history.Changes())) * time.Minute)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return &Policies{Source: s}
}

func record(t testing.TB, history source.History, c source.Change) {
	t.Helper()
	set, err := policy.ParseFiles(c.Files)
	if err != nil {
		t.Fatal(err)
	}
	c.Revision = set.Revision
	d, err := history.Draft(c)
	if err == nil {
		err = d.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Refused returns the last refusal that was made up, if there is one.
func (p *Policies) Refused() *source.Refusal {
	if r := p.refused.Load(); r != nil {
		return r
	}
	return p.Source.Refused()
}

// Refuse makes a change up that is the latest one that was not taken.
func (p *Policies) Refuse(r source.Refusal) { p.refused.Store(&r) }
