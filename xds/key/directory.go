package key

import (
	"bytes"
	"context"
	"crypto/subtle"
	"fmt"
	"sync"
	"time"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/store"
)

// refreshEvery is how often the database is asked for what other control planes have changed.
const refreshEvery = 250 * time.Millisecond

// refreshWithin bounds one such question.
const refreshWithin = 5 * time.Second

// Directory is the keys in force, as a control plane knows them. While the database is away they
// stay as they were. It is safe for concurrent use.
type Directory struct {
	database Database
	now      func() time.Time
	wake     chan struct{}

	mu      sync.RWMutex
	hasher  *keyform.Hasher
	pepper  []byte // nil: nothing was learned yet
	version int64
	keys    map[string]*Key // by id
	steps   []step          // by which the last versions came, oldest first
}

// step is what came with a version.
type step struct {
	version int64
	ids     []string
}

// maxSteps bounds how many steps back pairs are given what has changed, and not everything.
const maxSteps = 1000

// NewDirectory makes a Directory, which knows nothing until it runs.
func NewDirectory(d Database, now func() time.Time) *Directory {
	return &Directory{database: d, now: now, wake: make(chan struct{}, 1)}
}

// Wake has the database asked at once. It does not wait.
func (d *Directory) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run keeps the directory up to date until ctx is done, and calls changed after each change. A
// database that is away is reported by others.
func (d *Directory) Run(ctx context.Context, changed func()) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		if news, err := d.Refresh(ctx); err == nil && news {
			changed()
		}
		select {
		case <-tick.C:
		case <-d.wake:
		case <-ctx.Done():
			return
		}
	}
}

// Refresh asks the database once, and reports whether there was anything new. One call of it runs
// at a time.
func (d *Directory) Refresh(ctx context.Context) (news bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, refreshWithin)
	defer cancel()
	db, err := d.database.Open(ctx)
	if err != nil {
		return false, err
	}
	pepper, version, err := state(ctx, db)
	if err != nil {
		return false, fmt.Errorf("keys: %w", err)
	}
	known, same := d.progress(pepper)
	switch {
	case pepper == nil: // no control plane has used the database for keys
		return false, d.begin(ctx, db)
	case same && version == known:
		return false, nil
	case same && version > known:
		err = d.follow(ctx, db, version, known)
	default:
		err = d.load(ctx, db, pepper, version)
	}
	return err == nil, err
}

// progress returns the version that is known, and whether it is one of the same pepper.
func (d *Directory) progress(pepper []byte) (version int64, same bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.version, d.pepper != nil && bytes.Equal(d.pepper, pepper)
}

// state returns what all control planes share; a nil pepper: nothing yet.
func state(ctx context.Context, db *store.Store) (pepper []byte, version int64, err error) {
	rows, err := db.Read.QueryContext(ctx, "SELECT pepper, version FROM access_state")
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close() // Err says all
	if rows.Next() {
		err = rows.Scan(&pepper, &version)
	}
	if err == nil {
		err = rows.Err()
	}
	return pepper, version, err
}

// begin makes the pepper, so that pairs learn that there are no keys.
func (d *Directory) begin(ctx context.Context, db *store.Store) error {
	err := transact(ctx, db, d.now(), func(*change) error { return nil })
	d.database.Wrote(db, err)
	d.Wake()
	return err
}

// load reads all keys in force.
func (d *Directory) load(ctx context.Context, db *store.Store, pepper []byte, version int64) error {
	now := nanos(d.now())
	all, err := keys(ctx, db.Read, db, now, "revoked = 0 AND (expires = 0 OR expires > ?)", now)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pepper, d.hasher, d.keys = pepper, keyform.NewHasher(pepper), make(map[string]*Key, len(all))
	for i := range all {
		d.keys[all[i].ID] = &all[i]
	}
	d.version, d.steps = version, []step{{version: version}}
	return nil
}

// follow reads what has changed after a version.
func (d *Directory) follow(ctx context.Context, db *store.Store, version, known int64) error {
	all, err := keys(ctx, db.Read, db, nanos(d.now()), "changed > ?", known)
	if err != nil {
		return err
	}
	s := step{version: version}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range all {
		k := &all[i]
		s.ids = append(s.ids, k.ID)
		if k.Revoked.IsZero() {
			d.keys[k.ID] = k
		} else {
			delete(d.keys, k.ID)
		}
	}
	d.version, d.steps = version, append(d.steps, s)
	if len(d.steps) > maxSteps {
		d.steps = append([]step(nil), d.steps[maxSteps/2:]...)
	}
	return nil
}

// Known reports whether the database was read, now or before.
func (d *Directory) Known() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.hasher != nil
}

// Find returns the key that a text is taken as; nil: none. An unknown text and a wrong one take
// the same way.
func (d *Directory) Find(text string) *Key {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.hasher == nil {
		return nil
	}
	sum, now := d.hasher.Hash([]byte(text)), d.now()
	k, ok := d.keys[string(keyform.ID([]byte(text)))]
	if !ok {
		k = &Key{Secrets: make([]Secret, 1), Revoked: now}
	}
	same := 0
	for i := range k.Secrets {
		one := &k.Secrets[i]
		if equal := subtle.ConstantTimeCompare(sum[:], one.hash[:]); one.Until.IsZero() || now.Before(one.Until) {
			same |= equal
		}
	}
	if same != 1 || k.State(now) != Active {
		return nil
	}
	return k
}
