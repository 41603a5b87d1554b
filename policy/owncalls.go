package policy

import "github.com/headgate/headgate/policy/strict"

// OwnCalls bounds the calls that Headgate makes itself, such as those of guards that ask a model.
type OwnCalls struct {
	USDPerDay Nano // of each pair, in days of the policy's time zone
}

var defaultOwnCalls = OwnCalls{USDPerDay: 5e9}

// DefaultOwnCalls is what holds if no policy says otherwise.
func DefaultOwnCalls() OwnCalls { return defaultOwnCalls }

var ownCallsSection = section{fields: []strict.Member[document]{
	strict.Bind("own_calls", func(d *document) *OwnCalls { return &d.OwnCalls }, ownCalls).
		Doc("Calls that Headgate makes itself, through the models of the policy: those of guards that ask one. They need no key, no quota counts them, and their rows have the caller headgate.").
		Example(`own_calls: {usd_per_day: 2.50}`),
}}

var ownCalls = strict.NewObject(
	strict.Bind("usd_per_day", func(o *OwnCalls) *Nano { return &o.USDPerDay }, dollars).Default(defaultOwnCalls.USDPerDay).
		Doc("USD that the own calls of one pair may cost per calendar day, in the time zone of budgets. Once they have cost that, none is made until the next day. It is counted in memory: a pair that restarts begins anew.").
		Example(`usd_per_day: 2.50`),
)
