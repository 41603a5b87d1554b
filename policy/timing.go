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
