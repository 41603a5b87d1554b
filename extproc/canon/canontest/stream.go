package canontest

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Decoder is a dialect's reader of streams.
type Decoder interface {
	Next(scan.Event) []canon.Event
	End(rest scan.Event) []canon.Event
}

// Encoder is a dialect's writer of streams.
type Encoder interface {
	Append(dst []byte, ev *canon.Event) []byte
}

// Stream translates a stream that arrives in these chunks, to its end. What the
// decoder returned is overwritten before the next read, so that a translator
// that keeps an event for too long is found out.
func Stream(d Decoder, e Encoder, chunks ...[]byte) []byte {
	var s scan.Splitter
	var out []byte
	pass := func(events []canon.Event) {
		for i := range events {
			out = e.Append(out, &events[i])
		}
	}
	for _, c := range chunks {
		chunk := append([]byte(nil), c...)
		s.Feed(chunk)
		for {
			ev, err := s.Next()
			if err != nil || ev == nil {
				break
			}
			own := append(scan.Event(nil), ev...)
			pass(d.Next(own))
			for i := range own {
				own[i] = 'X'
			}
		}
	}
	pass(d.End(s.Rest()))
	return out
}

// everySplit cuts a stream in all the ways that matter: into equal pieces of growing
// sizes, and in two at each byte.
func everySplit(stream []byte, do func(pieces [][]byte, how string)) {
	for size := 1; size < len(stream); size += 1 + size/3 {
		do(Pieces(stream, size), fmt.Sprintf("in pieces of %d bytes", size))
	}
	for at := 1; at < len(stream); at++ {
		do([][]byte{stream[:at], stream[at:]}, fmt.Sprintf("cut in two at byte %d", at))
	}
}

// Pieces cuts a stream into chunks of a size.
func Pieces(stream []byte, size int) [][]byte {
	var all [][]byte
	for len(stream) > 0 {
		n := min(size, len(stream))
		all = append(all, stream[:n])
		stream = stream[n:]
	}
	return all
}
