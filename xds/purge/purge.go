// Package purge keeps, in the control plane's database, which answers in the cache no pair may give
// any more.
//
// The promise: a purge that was confirmed outlasts every process, is known to every control plane
// of the database within a quarter of a second, and is given to every pair that links for as long
// as an answer can be left that it names. The trap: it concerns what was stored before it, and
// clocks differ, so its moment is one of the database's clock and travels as an age.
package purge

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/headgate/headgate/policy/pairpb"
)

// Life is how long a purge is active: no policy keeps an answer for longer.
const Life = 30 * 24 * time.Hour

// Purge is a purge of what was stored before it.
type Purge struct {
	ID string    `json:"id"` // a ULID
	At time.Time `json:"at"` // by the clock of this process
	Selection
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// maxText bounds who ordered a purge, and why, in bytes.
const maxText = 1000

// check returns everything that is wrong with a purge.
func (p *Purge) check() error {
	faults := []error{p.Selection.check(), checkText("author", p.By), checkText("reason", p.Reason)}
	if err := errors.Join(faults...); err != nil {
		return &Refusal{ErrInvalid, err}
	}
	return nil
}

func checkText(field, text string) error {
	switch {
	case len(text) > maxText:
		return fmt.Errorf("%s: it has more than %d bytes", field, maxText)
	case !utf8.ValidString(text) || strings.Contains(text, "\x00"):
		return fmt.Errorf("%s: it has bytes that are no text", field)
	}
	return nil
}

// Until returns when no answer can be left that it names.
func (p *Purge) Until() time.Time { return p.At.Add(Life) }

// Wire is the purge as pairs are sent it at a moment.
func (p *Purge) Wire(now time.Time) *pairpb.Entries {
	return &pairpb.Entries{
		Purge: p.ID, AgeNanos: max(now.Sub(p.At), 0).Nanoseconds(),
		Ids: p.IDs, Caller: p.Caller, Team: p.Team, Model: p.Model, Prompt: p.Prompt, Tag: p.Tag,
	}
}
