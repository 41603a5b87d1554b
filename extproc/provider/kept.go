package provider

import (
	"fmt"
	"maps"
	"slices"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/extproc/provider/stateid"
	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// keeping is how ids of what backends keep are bound to them, and to those to whom they were
// given, under one policy. It is safe for concurrent use.
type keeping struct {
	key      *secret.Source  // nil: each backend's credentials are
	team     bool            // what a caller was given is its team's
	plain    map[string]bool // by dialect: ids pass as they came
	set      *policy.Set
	backends stateid.Names
	models   stateid.Names
	secrets  *credential.Store
	options  *Options
}

// newKeeping prepares the state of a policy. The error says that its key is not set.
func newKeeping(set *policy.Set, secrets *credential.Store, o *Options) (*keeping, error) {
	k := &keeping{
		team: set.State.Owner == policy.OwnerTeam, plain: make(map[string]bool), set: set,
		backends: stateid.NamesOf(maps.Keys(set.Backends)), models: stateid.NamesOf(maps.Keys(set.Models)),
		secrets: secrets, options: o,
	}
	if at := set.State.Key; at != (policy.Credential{}) {
		source, err := secret.Find(at, secret.Own, o.LookupEnv, o.Now())
		if err != nil {
			return nil, fmt.Errorf("state: key: %w", err)
		}
		k.key = source
	}
	for _, d := range dialect.All {
		k.plain[d.Name()] = !set.HasCallers() && len(set.Speaking(d.Name())) == 1
	}
	return k, nil
}

// keeperOf returns the dialect of clients who can name what is kept; nil: those of this one
// cannot.
func keeperOf(name string) dialect.Keeper {
	k, _ := dialect.ByName(name).(dialect.Keeper)
	return k
}

// fixed is the secret of those backends at which there is nothing to protect: the simulated
// provider, and the clients' own accounts, whose provider asks them for their credential.
const fixed = "nothing to protect"

// keys returns the keys for ids of a backend, that of new ones first; none: it keeps nothing for
// clients.
func (k *keeping) keys(b *policy.Backend) (keys []stateid.Key) {
	switch {
	case k.key != nil:
		k.key.Refresh(k.options.Now())
		return []stateid.Key{stateid.KeyOf(k.key.Secret().Reveal())}
	case b.FromCaller, b.Provider.Name == policy.SimulatedProvider:
		return []stateid.Key{stateid.KeyOf(fixed)}
	}
	for _, s := range k.secrets.Credentials(b.Name) {
		keys = append(keys, stateid.KeyOf(s.Reveal()))
	}
	slices.Reverse(keys) // the one rotated in stays
	return keys
}

// owner names to whom an id belongs that is given to a caller, and whose ids it may use.
func (k *keeping) owner(c *exchange.Caller) string {
	switch {
	case k.team && c.Team != "":
		return "team " + c.Team
	case c.Hop:
		return "hop " + c.Name
	case c.Name != "":
		return "caller " + c.Name
	}
	return ""
}

// find returns the backend that an id leads to if it was given to this owner; nil: it is no
// good. The model that it was given for may be another one than is asked now.
func (k *keeping) find(id stateid.ID, owner string) *policy.Backend {
	for _, name := range k.backends[id.Backend] {
		b := k.set.Backends[name]
		for _, model := range k.models[id.Model] {
			for _, key := range k.keys(b) {
				if key.Verify(id, stateid.Bound{Backend: name, Model: model, Owner: owner}) {
					return b
				}
			}
		}
	}
	return nil
}
