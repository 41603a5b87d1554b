package caller

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// minKey is how long a key is at least, in characters, that the policy names by its place.
const minKey = 16

// checkEvery is how often files of keys are looked at.
const checkEvery = time.Second

// keys are the keys of a policy's callers. It is safe for concurrent use.
type keys struct {
	set     *policy.Set
	lookUp  func(string) (string, bool)
	table   atomic.Pointer[table]
	checked atomic.Int64 // nanoseconds since 1970
	files   bool         // some keys are in files
}

// table finds callers by the SHA-256 of their key.
type table map[[sha256.Size]byte]entry

type entry struct {
	digest [sha256.Size]byte
	who    *exchange.Caller
}

func newKeys(set *policy.Set, lookUp func(string) (string, bool), now time.Time) (*keys, error) {
	k := &keys{set: set, lookUp: lookUp}
	t, err := k.read()
	if err != nil {
		return nil, err
	}
	k.table.Store(&t)
	k.checked.Store(now.UnixNano())
	return k, nil
}

// find returns whose key a secret is; nil: nobody's. It takes one way: a secret that is in no
// place of the table is compared, too.
func (k *keys) find(secret []byte, now time.Time) *exchange.Caller {
	k.refresh(now)
	digest := sha256.Sum256(secret)
	found := (*k.table.Load())[digest]
	if subtle.ConstantTimeCompare(found.digest[:], digest[:]) != 1 {
		return nil
	}
	return found.who
}

// refresh reads files again. What cannot be read leaves the keys as they were.
func (k *keys) refresh(now time.Time) {
	if last := k.checked.Load(); !k.files || now.UnixNano()-last < int64(checkEvery) || !k.checked.CompareAndSwap(last, now.UnixNano()) {
		return
	}
	if t, err := k.read(); err == nil {
		k.table.Store(&t)
	}
}

// read finds the key of each caller.
func (k *keys) read() (table, error) {
	t, owners := table{}, map[[sha256.Size]byte]string{}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(k.set.Callers)) {
		c := k.set.Callers[name]
		if c.Key == (policy.CallerKey{}) {
			continue // it is known by its certificate
		}
		digest, err := k.digest(&c.Key)
		if err != nil {
			faults = append(faults, fmt.Errorf("caller %q: %w", name, err))
			continue
		}
		if other, twice := owners[digest]; twice {
			faults = append(faults, fmt.Errorf("callers %q and %q have the same key", other, name))
		}
		owners[digest], t[digest] = name, entry{digest, callerOf(c)}
	}
	return t, errors.Join(faults...)
}

func (k *keys) digest(key *policy.CallerKey) (digest [sha256.Size]byte, err error) {
	if key.SHA256 != "" {
		_, err := hex.Decode(digest[:], []byte(key.SHA256))
		return digest, err
	}
	text, err := k.text(key)
	if err != nil {
		return digest, err
	}
	if text = strings.TrimSpace(text); len(text) < minKey {
		return digest, fmt.Errorf("%s: the key has %d characters: %d are needed at least", place(key), len(text), minKey)
	}
	return sha256.Sum256([]byte(text)), nil
}

func (k *keys) text(key *policy.CallerKey) (string, error) {
	if key.File == "" {
		text, ok := k.lookUp(key.Env)
		if !ok {
			return "", fmt.Errorf("%s is not set", place(key))
		}
		return text, nil
	}
	k.files = true
	data, err := os.ReadFile(key.File)
	if err != nil {
		return "", fmt.Errorf("%s: %w", place(key), err)
	}
	return string(data), nil
}

func place(key *policy.CallerKey) string {
	if key.File != "" {
		return "file " + key.File
	}
	return "environment variable " + key.Env
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
