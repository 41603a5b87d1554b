package store

import (
	"cmp"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Status is what is known of the database at one moment.
type Status struct {
	Kind  string `json:"kind,omitempty"` // sqlite or postgres; empty: there is none
	Place string `json:"place"`          // its file, or what holds its URL
	// Before is the place in use until the one above can be opened.
	Before  string    `json:"before,omitempty"`
	Trouble string    `json:"trouble,omitempty"` // why it cannot be used
	Since   time.Time `json:"since"`             // when that began or ended
}

// Status returns what is known now.
func (d *Database) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Status{Kind: d.place.Kind(), Place: d.place.String()}
	s.Trouble, s.Since = d.outage.now()
	switch {
	case d.place == Place{}:
		s.Trouble = "no database is named"
	case d.open == nil:
		s.Trouble = cmp.Or(s.Trouble, "it is being opened")
	case d.open.place != d.place:
		s.Before, s.Trouble = d.open.place.String(), cmp.Or(s.Trouble, "it is being opened")
	}
	return s
}

// Wrote takes note of what came of a write to a database that Open returned.
func (d *Database) Wrote(s *Store, err error) {
	d.mu.Lock()
	current := d.open != nil && d.open.Store == s
	d.mu.Unlock()
	if current {
		d.outage.note(writing, err, keptByPairs)
	}
}

// What happens in an outage.
const (
	keptByPairs = "pairs keep their rows"
	keptBefore  = "the one before stays in use"
)

// use of a database that may fail.
type use int

const (
	opening use = iota
	asking
	writing
	uses
)

// writeTrouble is how long a write that failed counts if none follows: nobody tries again.
const writeTrouble = time.Minute

// outage is what does not work. It is safe for concurrent use.
type outage struct {
	log *zap.Logger

	mu      sync.Mutex
	trouble [uses]string
	wrote   time.Time // last in vain
	since   time.Time // when it began or ended
}

// note takes note of what came of a use. An outage is logged as it begins and as it ends.
func (o *outage) note(u use, err error, meanwhile string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.current()
	o.trouble[u] = ""
	if err != nil {
		o.trouble[u] = explain(err)
		if u == writing {
			o.wrote = time.Now()
		}
	}
	o.changed(before, meanwhile)
}

// begin forgets what was wrong with the database before.
func (o *outage) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.current()
	o.trouble = [uses]string{}
	o.changed(before, "")
}

// changed logs what came of a change.
func (o *outage) changed(before, meanwhile string) {
	after := o.current()
	if (before == "") == (after == "") {
		return
	}
	if after != "" {
		o.log.Error("the database cannot be used; "+meanwhile, zap.String("trouble", after))
	} else {
		o.log.Info("the database can be used again", zap.Duration("outage", time.Since(o.since)))
	}
	o.since = time.Now()
}

// now is what does not work; empty: nothing is wrong.
func (o *outage) now() (trouble string, since time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.trouble[writing] != "" && time.Since(o.wrote) > writeTrouble {
		before := o.current()
		o.trouble[writing] = ""
		o.changed(before, "")
	}
	return o.current(), o.since
}

func (o *outage) current() string {
	return cmp.Or(o.trouble[opening], o.trouble[asking], o.trouble[writing])
}
