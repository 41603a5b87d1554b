package guard

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/guard/content"
)

// longText is from how many bytes on a text is looked at in pieces of this length, so that a
// guard whose rules are slow for it can be stopped when its time is over.
const longText = 64 << 10

// largeBody is from how many bytes on Envoy is asked to wait for guards, which takes it a message.
const largeBody = 256 << 10

// largeTime is how long it is asked to wait then.
const largeTime = time.Minute

// limit is how long a guard that decides by rules may take for texts of a length: its timeout,
// and a second for each MiB.
func limit(g *Guard, bytes int) time.Duration {
	return g.Timeout + time.Duration(bytes>>20)*time.Second
}

// scanLong scans a text in pieces, as a stream is, within a time.
func scanLong(dst []content.Finding, s content.Scanner, text []byte, until time.Time) ([]content.Finding, error) {
	decided := 0
	for size := longText; decided < len(text); {
		if time.Now().After(until) {
			return dst, context.DeadlineExceeded
		}
		start, end := max(0, decided-plainContext), min(len(text), decided+size)
		for start > 0 && !utf8.RuneStart(text[start]) {
			start--
		}
		for end < len(text) && !utf8.RuneStart(text[end]) {
			end++
		}
		piece, from := text[start:end], decided-start
		hold := len(piece)
		if end < len(text) {
			hold = max(from, holdFrom(s, piece, from))
		}
		known := len(dst)
		dst = scanFrom(dst, s, piece, from)
		dst, hold = within(dst, known, start, from, hold)
		if start+hold == decided {
			size *= 2 // all of it waits for more
			continue
		}
		decided, size = start+hold, longText
	}
	return dst, nil
}

// within keeps of the findings after the first known ones those that lie between what was decided
// and what is held back, at their places in the whole text. One that is held back in part is
// found again: what is decided ends before it.
func within(dst []content.Finding, known, start, from, hold int) ([]content.Finding, int) {
	kept := dst[:known]
	for _, f := range dst[known:] {
		switch {
		case f.End <= from:
		case f.End > hold:
			hold = min(hold, max(f.Start, from))
		default:
			f.Start, f.End = max(f.Start, from)+start, f.End+start
			kept = append(kept, f)
		}
	}
	return kept, hold
}

// holdFrom and scanFrom look at a text of which the bytes before from are decided.
func holdFrom(s content.Scanner, text []byte, from int) int {
	if r, ok := s.(content.Resumer); ok {
		return r.HoldFrom(text, from)
	}
	return s.Hold(text)
}

func scanFrom(dst []content.Finding, s content.Scanner, text []byte, from int) []content.Finding {
	if r, ok := s.(content.Resumer); ok {
		return r.ScanFrom(dst, text, from)
	}
	return s.Scan(dst, text)
}
