package limit

import (
	"time"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/policy"
)

// unit is what a bound counts. It is a closed set, also a metric label.
type unit uint8

// The units.
const (
	requests unit = iota // per minute
	tokens               // per minute
	perDay               // nano-USD
	perMonth             // nano-USD
	units
)

var unitNames = [units]string{"requests", "tokens", "usd_per_day", "usd_per_month"}

func (u unit) money() bool { return u >= perDay }

// owner is whose a bound is. It is a closed set, also a metric label.
type owner string

// The owners.
const (
	ofTier    owner = "tier"
	ofTeam    owner = "team"
	ofKey     owner = "key"
	ofModel   owner = "model"
	ofFeature owner = "feature"
)

// bound is one limit of a quota.
type bound struct {
	ledger.Limit // without an amount; of a model or a feature without a scope
	unit         unit
	owner        owner
	name         string // of the tier, team, key, model or feature
}

// quota are the bounds of a quota.
type quota struct {
	rpm, tpm, day, month int64
	shadow               bool
}

func quotaOf(q *policy.Quota) quota {
	return quota{q.RPM, q.TPM, int64(q.USDPerDay), int64(q.USDPerMonth), q.Mode == policy.QuotaShadow}
}

// bounds returns the bounds of a quota on a day. Whose the limits are follows in their names:
// no text that an operator or a caller chose comes before what is fixed, so that two never share
// one.
func (b *books) bounds(q quota, scope string, of owner, name, whose string) []bound {
	rate := func(max int64) ledger.Limit { return ledger.Limit{Max: max, Period: time.Minute} }
	budget := func(max int64, ends time.Time) ledger.Limit { return ledger.Limit{Max: max, Until: ends} }
	var all []bound
	for u, l := range [units]ledger.Limit{rate(q.rpm), rate(q.tpm), budget(q.day, b.day.ends), budget(q.month, b.month.ends)} {
		if l.Max == 0 {
			continue
		}
		u := unit(u)
		l.Scope, l.Shadow = scope, q.shadow
		l.Name = b.prefix(u) + " " + string(of) + " " + whose
		all = append(all, bound{Limit: l, unit: u, owner: of, name: name})
	}
	return all
}

// prefix begins the names of limits of a unit: that of a budget names its window, too.
func (b *books) prefix(u unit) string {
	switch u {
	case perDay:
		return "usd/" + b.day.name
	case perMonth:
		return "usd/" + b.month.name
	default:
		return unitNames[u]
	}
}
