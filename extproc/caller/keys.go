package caller

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// digest is the SHA-256 of a key: the key itself is not kept.
type digest [sha256.Size]byte

// keys are the keys of a policy's callers. It is safe for concurrent use.
type keys struct {
	all   []key
	files bool // some are in files, which may change
	table atomic.Pointer[table]
	due   atomic.Int64 // Unix nanoseconds at which files are looked at again

	warn   func(string)
	warned atomic.Pointer[string] // what was, last
}

// key is how one caller is known.
type key struct {
	who    *exchange.Caller
	source *secret.Source // nil: the policy has the hash
	digest digest         // without a source
}

// now is the key as it is found.
func (k *key) now() digest {
	if k.source == nil {
		return k.digest
	}
	return sha256.Sum256([]byte(k.source.Secret().Reveal()))
}

// table finds callers by their keys.
type table map[digest]entry

type entry struct {
	digest digest
	who    *exchange.Caller
}

// newKeys finds the keys of a policy's callers. The error names each that is not there.
func newKeys(set *policy.Set, o *Options) (*keys, error) {
	now := o.Now()
	k := &keys{all: make([]key, 0, len(set.Callers)), warn: o.Warn}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(set.Callers)) {
		c := set.Callers[name]
		if c.Key == (policy.CallerKey{}) {
			continue // it is known by its certificate
		}
		one, err := find(c, o.LookupEnv, now)
		if err != nil {
			faults = append(faults, fmt.Errorf("caller %q: %w", name, err))
			continue
		}
		k.all = append(k.all, one)
		k.files = k.files || one.source != nil && one.source.Changes()
	}
	t, err := k.tabled()
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	k.table.Store(&t)
	k.due.Store(now.Add(secret.CheckEvery).UnixNano())
	k.warned.Store(new(""))
	k.report(nil)
	return k, nil
}

// find finds the key of one caller.
func find(c *policy.Caller, lookUp func(string) (string, bool), now time.Time) (k key, err error) {
	k.who = callerOf(c)
	if c.Key.SHA256 == "" {
		k.source, err = secret.Find(c.Key.Credential, secret.Own, lookUp, now)
		return k, err
	}
	_, err = hex.Decode(k.digest[:], []byte(c.Key.SHA256))
	return k, err
}

// tabled sorts the keys by their digests: nobody is who has the key of somebody else.
func (k *keys) tabled() (table, error) {
	t := make(table, len(k.all))
	var faults []error
	for i := range k.all {
		one := &k.all[i]
		d := one.now()
		if other, twice := t[d]; twice {
			faults = append(faults, fmt.Errorf("callers %q and %q have the same key", other.who.Name, one.who.Name))
			continue
		}
		t[d] = entry{d, one.who}
	}
	return t, errors.Join(faults...)
}

// find returns whose key a secret is; nil: nobody's. It takes one way: a secret that is in no
// place of the table is compared, too.
func (k *keys) find(secret []byte, now time.Time) *exchange.Caller {
	k.refresh(now)
	d := digest(sha256.Sum256(secret))
	found := (*k.table.Load())[d]
	if subtle.ConstantTimeCompare(found.digest[:], d[:]) != 1 {
		return nil
	}
	return found.who
}

// refresh looks at the files of keys when that is due. Of all who ask at once, one looks. If
// two callers have the same key now, each keeps the one that it had.
func (k *keys) refresh(now time.Time) {
	due := k.due.Load()
	if !k.files || now.UnixNano() < due || !k.due.CompareAndSwap(due, now.Add(secret.CheckEvery).UnixNano()) {
		return
	}
	changed := *k.warned.Load() != "" // what was wrong may be right again
	for i := range k.all {
		if s := k.all[i].source; s != nil && s.Refresh(now) {
			changed = true
		}
	}
	if !changed {
		k.report(nil)
		return
	}
	t, err := k.tabled()
	if err == nil {
		k.table.Store(&t)
	}
	k.report(err)
}

// report warns of what operators should know of the places of keys, once.
func (k *keys) report(err error) {
	faults := []error{err}
	for i := range k.all {
		if s := k.all[i].source; s != nil {
			for _, w := range s.Warnings() {
				faults = append(faults, fmt.Errorf("caller %q: %s", k.all[i].who.Name, w))
			}
		}
	}
	text := ""
	if err := errors.Join(faults...); err != nil {
		text = err.Error()
	}
	if was := k.warned.Swap(&text); text != "" && text != *was {
		k.warn(text)
	}
}

func callerOf(c *policy.Caller) *exchange.Caller {
	models := slices.Clone(c.Models)
	slices.Sort(models)
	return &exchange.Caller{
		Name: c.Name, User: c.User, Team: c.Team, Tier: c.Tier, Models: models, Tags: c.Tags,
		Quota: exchange.Quota{
			RPM: c.Quota.RPM, TPM: c.Quota.TPM, PerDay: int64(c.Quota.USDPerDay), PerMonth: int64(c.Quota.USDPerMonth),
			Shadow: c.Quota.Mode == policy.QuotaShadow,
		},
	}
}
