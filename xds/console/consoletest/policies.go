// Package consoletest has a history of policies in memory, for tests of the admin
// API and of who calls it. It behaves as the real one does, without files on disk.
package consoletest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
)

// Start is when the first change of a history took effect unless it was begun with At.
var Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Policies is a history in memory. It is safe for concurrent use.
type Policies struct {
	start   time.Time // each change takes effect a minute after the one before
	mu      sync.Mutex
	changes []source.Change
	latest  *policy.Set
	refused *source.Refusal
}

var _ console.Policies = (*Policies)(nil)

// New begins a history with a policy file.
func New(t testing.TB, text string) *Policies {
	t.Helper()
	return At(t, Start, text)
}

// At is New at some time.
func At(t testing.TB, start time.Time, text string) *Policies {
	t.Helper()
	p := &Policies{start: start}
	_, err := p.take(source.Change{Origin: source.FromFile, Author: "file", Files: []policy.File{{Name: "policy.yaml", Data: []byte(text)}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Compile compiles files, which must be maps of their own keys, one after another.
func Compile(files []policy.File) (*policy.Set, error) {
	var all []byte
	for _, f := range files {
		all = append(all, f.Data...)
	}
	return policy.Parse(files[0].Name, all)
}

// Latest implements console.Policies.
func (p *Policies) Latest() *policy.Set {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.latest
}

// Current implements console.Policies.
func (p *Policies) Current() source.Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changes[len(p.changes)-1]
}

// History implements console.Policies.
func (p *Policies) History() []source.Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changes
}

// Find implements console.Policies.
func (p *Policies) Find(revision string) (source.Change, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.changes) - 1; i >= 0; i-- {
		if p.changes[i].Revision == revision {
			return p.changes[i], nil
		}
	}
	return source.Change{}, fmt.Errorf("revision %s: %w", revision, source.ErrUnknownRevision)
}

// Push implements console.Policies.
func (p *Policies) Push(in source.Proposal) (source.Change, error) {
	return p.take(source.Change{Origin: source.FromPush, Author: in.Author, Reason: in.Reason, Files: in.Files}, in.Expect)
}

// Rollback implements console.Policies. Without a revision it goes back to the parent
// of the latest change.
func (p *Policies) Rollback(revision string, in source.Proposal) (source.Change, error) {
	if revision == "" {
		now := p.Current()
		if revision = now.Parent; revision == "" {
			return source.Change{}, fmt.Errorf("there is no policy before %s to go back to: %w", now.Revision, source.ErrUnknownRevision)
		}
	}
	c, err := p.Find(revision)
	if err != nil {
		return source.Change{}, err
	}
	return p.take(source.Change{Origin: source.FromRollback, Author: in.Author, Reason: in.Reason, Files: c.Files}, in.Expect)
}

// Refused implements console.Policies.
func (p *Policies) Refused() *source.Refusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}

// Refuse makes a change the latest one that was not taken.
func (p *Policies) Refuse(r source.Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = &r
}

func (p *Policies) take(c source.Change, expect string) (source.Change, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.latest != nil {
		c.Parent = p.latest.Revision
	}
	if expect != "" && expect != c.Parent {
		return source.Change{}, fmt.Errorf("%w: %s, not %s", source.ErrConflict, c.Parent, expect)
	}
	c.Number, c.At = len(p.changes)+1, p.start.Add(time.Duration(len(p.changes))*time.Minute)
	set, err := Compile(c.Files)
	if err != nil {
		p.refused = &source.Refusal{Origin: c.Origin, Reason: err.Error(), At: c.At}
		return source.Change{}, fmt.Errorf("taking a policy: %w", err)
	}
	p.latest, p.refused, c.Revision = set, nil, set.Revision
	p.changes = append(p.changes, c)
	return c, nil
}
