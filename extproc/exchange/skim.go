package exchange

import "github.com/headgate/headgate/extproc/canon"

// A Skimmer reads what an exchange must know from the frames of a stream that passes
// as it came. It looks into a frame only if a byte search says that something in it
// counts. It writes to the response and the usage that it was made with. Not for
// concurrent use.
type Skimmer interface {
	// Frame sees one whole event, blank line included, and says what becomes of it.
	Frame(raw []byte) Sight
	// SawEnd reports whether the dialect's end of a whole answer was seen.
	SawEnd() bool
	// Fault is that of an answer which ended with a word for a failure, and not with an error: the
	// client gets one in place of the event that was seen last. nil: there is none.
	Fault() *canon.Fault
}

// Sight is what an event is to a client of the stream's own dialect.
type Sight uint8

// The kinds of sights.
const (
	Shown  Sight = iota // the client gets it
	Hidden              // the client must not get it
	Last                // the client gets it as the end of the answer
	Broken              // it cannot be read
)

// Mender is a Skimmer that can put right what a server did wrong in an event, or what it was
// asked for and the client was not.
type Mender interface {
	// Mend returns an event as the client is to get it: the event itself, or a changed
	// copy, which holds until the next call. It sees each event of a stream.
	Mend(raw []byte) []byte
}

// A Folder makes one answer of a stream: the one, in the dialect of the stream, that its
// server would have given to a request for none. It keeps copies of what it needs. Not for
// concurrent use.
type Folder interface {
	// Frame takes over what one whole event says. A fault is what the event says went
	// wrong, or that it cannot be read: there is no answer then.
	Frame(raw []byte) *canon.Fault
	// Answer appends what was said so far to dst, as a whole answer, and reports whether
	// that is one. It comes last.
	Answer(dst []byte) ([]byte, bool)
}
