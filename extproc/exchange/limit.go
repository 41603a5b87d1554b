package exchange

// Limit is what quotas make of an exchange.
type Limit struct {
	Refused string // the limit that refused it, such as "tier free tokens"; empty: none did
	// What is left of the tightest quotas, as the request was admitted or refused.
	Requests, Tokens, Nano Left
}

// Says reports whether the client is told what is left.
func (l *Limit) Says() bool { return l.Requests.Known || l.Tokens.Known }

// Left is what is left of a quota. It is negative when more was used than was allowed.
type Left struct {
	Known  bool // there is such a quota
	Amount int64
}
