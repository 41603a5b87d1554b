package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// revisions are what guards of a policy do, by where they stand, hashed.
type revisions struct {
	all                    [sha256.Size]byte
	models, tiers, callers map[string][sha256.Size]byte // of those that have guards
}

func revisionsOf(set *policy.Set) revisions {
	r := revisions{all: sha256.Sum256(set.Guards.Written()), models: map[string][sha256.Size]byte{}, tiers: map[string][sha256.Size]byte{}, callers: map[string][sha256.Size]byte{}}
	note := func(to map[string][sha256.Size]byte, name string, g *policy.Guards) {
		if g.Any() {
			to[name] = sha256.Sum256(g.Written())
		}
	}
	for name, m := range set.Models {
		note(r.models, name, &m.Guards)
	}
	for name, t := range set.Tiers {
		note(r.tiers, name, &t.Guards)
	}
	for name, c := range set.Callers {
		note(r.callers, name, &c.Guards)
	}
	return r
}

// partition writes whose answers an exchange may have, and by which rules they were made: each part
// after its length, so that no two partitions are written alike.
type partition []byte

func (p *partition) text(s string) {
	*p = append(binary.AppendUvarint(*p, uint64(len(s))), s...)
}

func (p *partition) hash(all map[string][sha256.Size]byte, name string) {
	h, ok := all[name]
	if !ok {
		*p = append(*p, 0)
		return
	}
	*p = append(append(*p, 1), h[:]...)
}

// prefixOf writes what the partitions of a model's exchanges have in common.
func (s *stage) prefixOf(m *policy.Model) (p partition) {
	p = binary.AppendVarint(p, s.set.Cache.Epoch)
	p.text(m.Name)
	if slices.ContainsFunc(m.Uses(), func(u policy.Use) bool { return u.Backend.Provider.Name == policy.SimulatedProvider }) {
		p.text("simulated") // such answers end with the simulation
	}
	p = append(p, s.revisions.all[:]...)
	p.hash(s.revisions.models, m.Name)
	return p
}

// partitionOf is the partition of an exchange.
func (s *stage) partitionOf(m *model, ex *exchange.Exchange) partition {
	p := append(make(partition, 0, 256), m.prefix...)
	if ex.Name != ex.Model { // of a wildcard, whose names have partitions of their own
		p.text(ex.Name)
	}
	p.text(ex.Route.Arm)
	p.hash(s.revisions.tiers, ex.Caller.Tier)
	caller := ex.Caller.Name
	if ex.Caller.Hop { // has no guards of a caller of the policy
		caller = ""
	}
	p.hash(s.revisions.callers, caller)
	p.scope(m, ex)
	p.asked(m, ex.Request.Headers)
	return p
}

// askingOf are the headers of clients that leave for a model's backends and may change what they say:
// those of another dialect do not reach them. The version of Anthropic's API is about the form of an
// answer, which is written anew.
func askingOf(m *policy.Model) (all []string) {
	for _, u := range m.Uses() {
		all = append(all, exchange.DialectHeaders[u.Backend.Dialect]...)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(name string) bool { return name == "anthropic-version" })
}

// asked writes what a client asks of the model's backends by headers.
func (p *partition) asked(m *model, headers exchange.Headers) {
	for _, name := range m.asking {
		for i := range headers {
			if h := &headers[i]; h.Name == name {
				p.text(name)
				p.text(string(h.Value))
			}
		}
	}
}

// scope writes with whom the exchange shares answers. Who is not known shares with all who are not.
func (p *partition) scope(m *model, ex *exchange.Exchange) {
	by := &ex.Caller
	switch scope := m.rules.Scope; {
	case scope == policy.CacheShared:
		p.text("shared")
	case scope == policy.CacheTeam && by.Team != "":
		p.text("team")
		p.text(by.Team)
	case by.Name == "":
		p.text("anonymous")
	case by.Hop:
		p.text("hop")
		p.text(by.Name)
	default:
		p.text("caller")
		p.text(by.Name)
	}
	if m.theirs { // an answer is no way around a credential that only the provider can check
		p.credential(ex)
	}
}

// credential writes the client's own, hashed.
func (p *partition) credential(ex *exchange.Exchange) {
	for _, name := range exchange.CredentialHeaders {
		if name == ex.KeyHeader {
			continue
		}
		h := sha256.Sum256(ex.Request.Headers.Get(name))
		p.text(name)
		*p = append(*p, h[:]...)
	}
}
