package canon

import "github.com/headgate/headgate/extproc/scan"

// StreamDecoder reads a backend's stream. Not for concurrent use.
type StreamDecoder interface {
	// Next returns what one whole event says. The events hold until the next call.
	Next(scan.Event) []Event
	// End returns what the end of the stream's bytes means, with what was left of
	// an event that no blank line ended.
	End(rest scan.Event) []Event
	// Resume goes on after an event that could not be read as if it had not come.
	Resume()
}

// StreamEncoder writes a stream for a client. Not for concurrent use.
type StreamEncoder interface {
	// Append appends what an event means for the client to dst.
	Append(dst []byte, ev *Event) []byte
	// Abort ends the stream with an error instead of its end.
	Abort(dst []byte, f *Fault) []byte
	// Ended reports whether the stream has got its end, good or bad.
	Ended() bool
}

// A Pinger is an encoder whose dialect has an event that only says that the stream goes on.
// Among those of others a comment stands.
type Pinger interface {
	Ping(dst []byte) []byte
}
