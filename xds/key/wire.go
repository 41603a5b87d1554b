package key

import (
	"bytes"
	"slices"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/policy/pairpb"
)

// maxPart bounds how many keys one message has.
const maxPart = 1000

// Since returns, in parts, what a pair is to be given that has something already, and what it has
// then; none: there is nothing new. What is older here than what the pair has, because another
// control plane knew more, is not given.
func (d *Directory) Since(have *pairpb.KeysState) (parts []*pairpb.Keys, then *pairpb.KeysState) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.pepper == nil {
		return nil, have
	}
	now := &pairpb.KeysState{Installation: keyform.Installation(d.pepper), Version: d.version}
	all := &pairpb.Keys{Pepper: d.pepper, Version: d.version}
	ids, known := d.changedSince(have)
	switch same := bytes.Equal(now.Installation, have.GetInstallation()); {
	case same && have.GetVersion() >= d.version:
		return nil, have
	case same && known:
		d.add(all, ids)
	default:
		all.Whole = true
		for _, k := range d.keys {
			if k.Role == Caller {
				all.Keys = append(all.Keys, k.wire())
			}
		}
	}
	return split(all), now
}

// changedSince returns the ids of what has changed since a version, if that is known.
func (d *Directory) changedSince(have *pairpb.KeysState) (ids []string, known bool) {
	i := slices.IndexFunc(d.steps, func(s step) bool { return s.version == have.GetVersion() })
	if i < 0 {
		return nil, false
	}
	for _, s := range d.steps[i+1:] {
		ids = append(ids, s.ids...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), true
}

// add adds keys as they are now. Those that pairs never had are gone for them, too.
func (d *Directory) add(all *pairpb.Keys, ids []string) {
	for _, id := range ids {
		if k, ok := d.keys[id]; ok && k.Role == Caller {
			all.Keys = append(all.Keys, k.wire())
		} else {
			all.Gone = append(all.Gone, id)
		}
	}
}

// split returns keys in parts.
func split(all *pairpb.Keys) (parts []*pairpb.Keys) {
	keys := all.Keys
	for len(keys) > maxPart {
		parts = append(parts, &pairpb.Keys{Pepper: all.Pepper, Version: all.Version, Whole: all.Whole, More: true, Keys: keys[:maxPart]})
		keys = keys[maxPart:]
	}
	all.Keys = keys
	return append(parts, all)
}

// wire is a caller's key as pairs are given it.
func (k *Key) wire() *pairpb.Key {
	a, q := &k.Attributes, &k.Attributes.Quota
	m := &pairpb.Key{
		Id: k.ID, Expires: nanos(k.Expires), Name: k.Name, User: a.User, Team: a.Team, Tier: a.Tier, Models: a.Models, Tags: a.Tags,
		Rpm: q.RPM, Tpm: q.TPM, NanoUsdPerDay: q.PerDay, NanoUsdPerMonth: q.PerMonth, Shadow: q.Shadow,
	}
	for i := range k.Secrets {
		one := &k.Secrets[i]
		m.Hashes = append(m.Hashes, &pairpb.KeyHash{Hash: one.hash[:], Until: nanos(one.Until)})
	}
	return m
}
