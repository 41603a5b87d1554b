package policy

import "time"

// Clocks that every pool has in Envoy, whatever the policy says. The worst case of
// a chain follows from them and from the policy.
const (
	// MaxBackOff is the longest pause between two attempts of an exchange.
	MaxBackOff = 250 * time.Millisecond
	// ConnectTimeout is how long an attempt, or a check, waits for a connection.
	ConnectTimeout = time.Second
	// MaxGate is the longest that Envoy holds an answer until it is judged: as long as
	// Envoy allows, and as any attempt may take.
	MaxGate = time.Hour

	// largeAnswer is how much longer than for others Envoy waits for an answer about a large
	// body at least: others are on their way with it, and the machine may be busy.
	largeAnswer = 8 * time.Second
	// bytesPerSecond is how fast a body gets to ext_proc and is read there at least.
	bytesPerSecond = 4 << 20

	// tie parts two clocks of the same length, so that the outcome is always the same.
	tie = 100 * time.Millisecond
)

// PerTry returns how long an attempt may take until it is passed on or given up: where
// there is no choice, until its headers.
func (m *Model) PerTry() time.Duration {
	if _, single := m.Single(); single {
		return m.Timeout
	}
	return max(m.Timeout, m.FirstToken)
}

// LongestChain returns the longest until the answer of a model begins, or every
// attempt was given up: each waits for a connection, then for the headers, and in a chain
// for the first content.
func (m *Model) LongestChain() time.Duration {
	n := time.Duration(m.Attempts())
	return n*(ConnectTimeout+m.PerTry()) + (n-1)*MaxBackOff
}

// LargeBody is the length, in bytes, above which a request's body is large.
const LargeBody = 256 << 10

// LargeStall returns what Stall is for requests with a large body, or of a length that they
// do not say.
func (s *Set) LargeStall() time.Duration {
	return s.Stall + largeAnswer + time.Duration(s.BodyLimit)*time.Second/bytesPerSecond
}

// Silence returns how long Envoy itself lets an exchange be silent. Its clock runs
// from the request on, over all attempts, and again from every byte of the answer: it
// may not end a chain that has backends left, nor an answer whose last bytes ext_proc
// still has, which may take as long as a stall of it is borne. So it is as long as the
// longest of these. A stream that falls silent
// sooner is ended by ext_proc; of a JSON answer only Envoy sees the bytes.
func (m *Model) Silence(stall time.Duration) time.Duration {
	return max(m.IdleTimeout, m.LongestChain()+tie, stall+tie)
}
