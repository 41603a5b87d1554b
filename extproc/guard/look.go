package guard

import (
	"cmp"
	"context"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/texts"
)

// span is what a guard found in a channel, or a placeholder to be put back.
type span struct {
	looker     *looker // nil: a placeholder
	f          content.Finding
	start, end int // in raw
	with       string
}

// look has the guards look at a channel, decides as much of it as can be, and gives it to the
// events that wait.
func (s *stream) look(ctx context.Context, c *channel, final bool) {
	if s.refusing != nil || c.pending() == 0 {
		return
	}
	c.view.Reset(c.raw, c.json(), !final)
	s.spans = s.spans[:0]
	hold := s.scan(ctx, c, final)
	if s.refusing == nil {
		hold = s.placeholders(c, hold, final)
	}
	end := s.decide(c, hold)
	if c.pending() > s.maxHeld {
		s.overflow()
	}
	s.apply(c, end)
	c.decided = end
	c.next = len(c.raw) + max(1, c.pending()/4)
	s.forget(c)
}

// scan has every guard look. It returns the place in raw before which all of them are sure.
func (s *stream) scan(ctx context.Context, c *channel, final bool) int {
	plain := c.view.Plain
	sure := len(plain)
	from := c.view.At(c.decided)
	for i, l := range s.lookers {
		switch {
		case l.failed:
		case l.Form != nil:
			if s.acts && !s.passed(c.choice) {
				sure = from
			}
		case l.Checker != nil:
			at, refuses := s.ask(ctx, c, i, final)
			if refuses != nil {
				s.refusing = refuses
				return c.decided
			}
			sure = min(sure, at)
		case l.scanner != nil:
			sure = min(sure, s.scanOne(c, l, from, final))
		}
	}
	c.kept = slices.DeleteFunc(c.kept, func(k span) bool { return k.end <= c.decided })
	s.spans = append(s.spans, c.kept...)
	return c.view.Raw(sure)
}

// scanOne has a guard scan a channel. It returns where in the view it is not sure.
func (s *stream) scanOne(c *channel, l *looker, from int, final bool) int {
	plain := c.view.Plain
	hold := len(plain)
	if !final {
		hold = max(from, holdFrom(l.scanner, plain, from))
	}
	l.findings = scanFrom(l.findings[:0], l.scanner, plain, from)
	for _, f := range l.findings {
		if f.End > from && f.Start < hold {
			f.Start = max(f.Start, from)
			s.spans = append(s.spans, span{looker: l, f: f, start: c.view.Raw(f.Start), end: c.view.Raw(f.End)})
		}
	}
	return hold
}

// placeholders finds what is to be put back. What a model thinks stays as it is: a provider may
// have signed it.
func (s *stream) placeholders(c *channel, hold int, final bool) int {
	v := &s.visit.vault
	if !s.acts || !v.restores() || c.kind == canon.EventThinking {
		return hold
	}
	plain := c.view.Plain
	if !final {
		hold = min(hold, c.view.Raw(v.hold(plain)))
	}
	from := c.view.At(c.decided)
	for start, end, text := v.find(plain, from); start >= 0; start, end, text = v.find(plain, end) {
		s.spans = append(s.spans, span{start: c.view.Raw(start), end: c.view.Raw(end), with: text})
	}
	return hold
}

// decide returns the place in raw up to which all is decided: before the first span that is
// not whole. A guard that refuses stops it before what it found.
func (s *stream) decide(c *channel, hold int) int {
	slices.SortStableFunc(s.spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	for i := len(s.spans) - 1; i >= 0; i-- {
		if p := &s.spans[i]; p.start < hold && p.end > hold {
			hold = p.start
		}
	}
	hold = max(hold, c.decided)
	for i := range s.spans {
		p := &s.spans[i]
		if p.end > hold || p.looker == nil {
			continue
		}
		p.looker.found(s.visit.stage.kind.key, &p.f, c.raw[p.start:p.end])
		if s.acts && !p.looker.masks() {
			s.refusing = &verdict{guard: p.looker.Guard, opinion: content.Opinion{Findings: []content.Finding{p.f}}}
			return max(p.start, c.decided)
		}
		p.with = "[" + p.f.Type + "]"
	}
	return hold
}

// overflow ends the holding back where more of it would be needed than an answer may be long: no
// guard of the stream could decide in that bound.
func (s *stream) overflow() {
	if !s.acts || s.refusing != nil {
		return
	}
	for _, l := range s.lookers {
		v := &verdict{guard: l.Guard, err: errTooMuch}
		l.whole(v)
		if l.failed = !v.denies(); !l.failed {
			s.refusing = v
			return
		}
	}
}

// apply gives the decided text of a channel, with its changes, to the events that it came in.
func (s *stream) apply(c *channel, end int) {
	from, next, ready := c.decided, 0, 0
	c.then, c.insideThen = 0, c.inside
	for _, n := range c.waiting {
		q := &s.queue[n-s.gone]
		if from >= end && from < q.end {
			break
		}
		to := min(q.end, end)
		next = s.rebuild(c, q, from, to, end, next)
		if q.ready = q.end <= end; q.ready {
			ready++
		}
		from = to
	}
	c.waiting = append(c.waiting[:0], c.waiting[ready:]...)
}

// rebuild appends to an event's text what becomes of a piece of the channel: a changed span is
// written by the event in which it begins. Spans before next are over.
func (s *stream) rebuild(c *channel, q *queued, from, to, end, next int) int {
	at := from
	for next < len(s.spans) && s.spans[next].start < to && s.spans[next].end <= end {
		p := &s.spans[next]
		start := max(p.start, c.decided)
		if p.end <= at {
			next++ // inside of what another guard has changed
			continue
		}
		if start >= from {
			start = max(start, at)
			q.text = append(q.text, c.raw[at:start]...)
			q.text = s.replace(c, q.text, start, p)
			q.changed = true
		}
		q.changed = q.changed || p.end > from
		at = min(p.end, to)
		if p.end > to {
			return next // goes on in the next event
		}
		next++
	}
	q.text = append(q.text, c.raw[at:to]...)
	return next
}

// replace appends what is put in the place of a span that begins at a place in raw.
func (s *stream) replace(c *channel, text []byte, start int, p *span) []byte {
	if !c.json() {
		return append(text, p.with...)
	}
	c.insideThen, c.then = texts.InString(c.raw[c.then:start], c.insideThen), start
	return texts.AppendInJSON(text, c.raw[start:p.end], p.with, c.insideThen)
}
