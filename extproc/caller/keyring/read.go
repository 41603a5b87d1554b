package keyring

import (
	"slices"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/pairpb"
)

// read returns a key of the wire. A hash of another length is none that anybody presents.
func read(m *pairpb.Key) *key {
	k := &key{message: m, expires: m.GetExpires(), caller: callerOf(m)}
	for _, one := range m.GetHashes() {
		h := hash{until: one.GetUntil()}
		if len(one.GetHash()) == copy(h.Hash[:], one.GetHash()) && len(one.GetHash()) == len(h.Hash) {
			k.hashes = append(k.hashes, h)
		}
	}
	return k
}

func callerOf(m *pairpb.Key) exchange.Caller {
	models := slices.Clone(m.GetModels())
	slices.Sort(models)
	return exchange.Caller{
		Name: m.GetName(), User: m.GetUser(), Team: m.GetTeam(), Tier: m.GetTier(), Models: models, Tags: m.GetTags(),
		Quota: exchange.Quota{
			RPM: m.GetRpm(), TPM: m.GetTpm(), PerDay: m.GetNanoUsdPerDay(), PerMonth: m.GetNanoUsdPerMonth(), Shadow: m.GetShadow(),
		},
	}
}
