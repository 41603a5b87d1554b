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

// Fault is why the key of a policy's caller is of no use. It shows no key.
type Fault struct {
	Caller string
	Err    error // names where the key is looked for, or who else has it
}

// Error says it with the caller's name.
func (f Fault) Error() string { return fmt.Sprintf("caller %q: %v", f.Caller, f.Err) }

// Unwrap returns Err.
func (f Fault) Unwrap() error { return f.Err }

// Check returns what is wrong with the keys of a policy's callers in an environment: what Compile
// refuses the policy for.
func Check(set *policy.Set, lookupEnv func(string) (string, bool)) []Fault {
	_, faults := findKeys(set, lookupEnv, time.Time{})
	return faults
}

// newKeys finds the keys of a policy's callers. The error names each that is not there.
func newKeys(set *policy.Set, o *Options) (*keys, error) {
	now := o.Now()
	all, faults := findKeys(set, o.LookupEnv, now)
	if len(faults) > 0 {
		return nil, joined(faults)
	}
	k := &keys{all: all, warn: o.Warn}
	k.files = slices.ContainsFunc(all, func(one key) bool { return one.source != nil && one.source.Changes() })
	t, _ := tabled(all)
	k.table.Store(&t)
	k.due.Store(now.Add(secret.CheckEvery).UnixNano())
	k.warned.Store(new(""))
	k.report(nil)
	return k, nil
}

// findKeys finds the keys of all callers that have one, in the order of their names.
func findKeys(set *policy.Set, lookUp func(string) (string, bool), now time.Time) ([]key, []Fault) {
	all := make([]key, 0, len(set.Callers))
	var faults []Fault
	for _, name := range slices.Sorted(maps.Keys(set.Callers)) {
		c := set.Callers[name]
		if c.Key == (policy.CallerKey{}) {
			continue // it is known by its certificate
		}
		one, err := find(c, lookUp, now)
		if err != nil {
			faults = append(faults, Fault{name, err})
			continue
		}
		all = append(all, one)
	}
	_, twice := tabled(all)
	return all, append(faults, twice...)
}

// joined is all faults as one error; nil: there are none.
func joined(faults []Fault) error {
	all := make([]error, len(faults))
	for i, f := range faults {
		all[i] = f
	}
	return errors.Join(all...)
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

// tabled sorts keys by their digests: nobody is who has the key of somebody else.
func tabled(all []key) (table, []Fault) {
	t := make(table, len(all))
	var faults []Fault
	for i := range all {
		one := &all[i]
		d := one.now()
		if other, twice := t[d]; twice {
			faults = append(faults, Fault{one.who.Name, fmt.Errorf("has the same key as caller %q", other.who.Name)})
			continue
		}
		t[d] = entry{d, one.who}
	}
	return t, faults
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
	t, twice := tabled(k.all)
	if len(twice) == 0 {
		k.table.Store(&t)
	}
	k.report(joined(twice))
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
