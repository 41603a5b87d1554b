package provider

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// damage follows what of a stream cannot be read, and whether the answer is whole without
// it: what cannot be read is left out, and may have been a piece of the answer.
//
// It was none if it says so, or if it is the beginning of the event that follows it: that
// came twice, cut off and whole. As the events of one stream begin alike, it may have been
// the beginning of another piece all the same. Then the answer counts as whole only if as
// many pieces came as tokens are reported: each piece is one at least.
type damage struct {
	of     interface{ Damage(scan.Event) canon.Damage }
	resp   *exchange.Response // counts what was left out
	begun  []byte             // what can be read of the event that was left out last; nil: what follows may be anything
	name   []byte             // of that event
	piece  bool               // it may have been a piece of the answer
	doubts bool               // one of those that came twice may have been another piece
}

// look shows an event to a skimmer, and says what it is and whether the answer ends with it.
func (d *damage) look(skim exchange.Skimmer, raw scan.Event, u *canon.Usage) (exchange.Sight, *canon.Fault) {
	over := skim.SawEnd()
	sight := skim.Frame(raw)
	if sight == exchange.Broken {
		return sight, d.leaveOut(raw, over)
	}
	if d.begun != nil {
		if fault := d.follows(raw); fault != nil {
			return sight, fault
		}
	}
	if sight == exchange.Last {
		return sight, d.end(u)
	}
	return sight, skim.Fault()
}

// leaveOut takes note of an event that cannot be read; over: no piece can follow. The fault
// says that the answer is not whole without it.
func (d *damage) leaveOut(raw scan.Event, over bool) *canon.Fault {
	d.resp.Unreadable++
	kind := d.of.Damage(raw)
	switch {
	case over, kind == canon.DamagedNothing:
		return nil
	case kind == canon.DamagedError, d.begun != nil:
		return unreadable()
	}
	d.begun = append([]byte{}, canon.Readable(raw.Data())...)
	d.name = bytes.Clone(raw.Field("event"))
	d.piece = kind == canon.DamagedPiece
	return nil
}

// follows takes note of an event that can be read, after one that could not.
func (d *damage) follows(raw scan.Event) *canon.Fault {
	data := bytes.TrimSpace(raw.Data())
	switch {
	case len(data) == 0: // a comment
		return nil
	case !bytes.HasPrefix(data, d.begun) || !bytes.Equal(d.name, raw.Field("event")):
		return unreadable()
	}
	d.doubts = d.doubts || d.piece
	d.begun = nil
	return nil
}

// end says at the end of an answer whether it may not be whole.
func (d *damage) end(u *canon.Usage) *canon.Fault {
	if d.begun != nil || d.doubts && !d.accounted(u) {
		return unreadable()
	}
	return nil
}

// accounted reports whether the pieces that came are as many as the tokens that the provider
// reports, with those that it reasoned with or, if it kept these to itself, without.
func (d *damage) accounted(u *canon.Usage) bool {
	said, thought := u.Output+u.AudioOutput, u.Reasoning
	if u.Seen&canon.BucketOutput == 0 {
		return false
	}
	return d.resp.Texts == said+thought || d.resp.Texts == said && thought > d.resp.Unreadable
}

func unreadable() *canon.Fault {
	return canon.Malformed("an event of the stream cannot be read, and may have been a piece of the answer")
}
