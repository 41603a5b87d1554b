package policy

import "time"

// Clocks that every pool has in Envoy, whatever the policy says. The worst case of
// a chain follows from them and from the policy.
const (
	// BackOffMost is the longest pause between two attempts of an exchange.
	BackOffMost = 250 * time.Millisecond
	// ConnectTimeout is how long an attempt, or a check, waits for a connection.
	ConnectTimeout = time.Second
)

// LongestChain returns the longest until the answer of a model begins, or every
// attempt was given up: each waits for a connection, and then for the headers.
func (m *Model) LongestChain() time.Duration {
	n := time.Duration(m.Attempts())
	return n*(ConnectTimeout+m.Timeout) + (n-1)*BackOffMost
}
