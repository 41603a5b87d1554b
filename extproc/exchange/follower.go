package exchange

// A Follower reads the events of one streamed response in order. It writes to
// the response and the usage that it was made with. Not for concurrent use.
type Follower interface {
	// Event sees one whole event, blank line included. It returns false where
	// the client must not get it.
	Event(raw []byte) bool
	// Ended tells whether the dialect's end of a whole answer was seen.
	Ended() bool
	// Seen returns the bytes of generated text that passed, for an estimate
	// where no usage comes.
	Seen() int64
}
