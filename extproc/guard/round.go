package guard

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/format"
	"github.com/headgate/headgate/extproc/guard/texts"
)

// round is guards that look at one request, or at one whole answer, in their order.
type round struct {
	visit  *visit
	output bool
	items  []texts.Item
	more   func(context.Context, time.Duration) (context.Context, error)

	answer *canon.Response // of an answer
	size   int             // of all texts, in bytes
	quiet  bool            // nothing is recorded: it is a second look
	faults []format.Fault  // of the answer's form
	faulty *canon.Choice   // that has them

	single   verdict           // memory of the guard that looks
	findings []content.Finding // memory of the next scan
}

// run lets the guards look until one refuses; nil: none does. Guards that ask others and do not
// depend on each other do so at the same time.
func (r *round) run(ctx context.Context, guards []*Guard) *verdict {
	for i := range r.items {
		r.size += len(r.items[i].Plain)
	}
	r.visit.ex.Guards = slices.Grow(r.visit.ex.Guards, len(guards))
	for i := 0; i < len(guards); {
		n := together(guards[i:])
		if n == 1 {
			if r.one(ctx, guards[i]); r.refuses(&r.single) {
				return &r.single
			}
		} else if v := r.several(ctx, guards[i:i+n]); v != nil {
			return v
		}
		i += n
	}
	return nil
}

// refuses notes a verdict, and masks what it says. It reports whether the guard refuses.
func (r *round) refuses(v *verdict) bool {
	v.fixed = slices.ContainsFunc(v.opinion.Findings, func(f content.Finding) bool { return r.items[f.Text].Fixed() })
	if !r.quiet && !v.left() {
		r.visit.note(v, r.output, r.items)
	}
	if v.denies() {
		return true
	}
	if v.guard.acts() && v.guard.masks() {
		r.mask(v)
	}
	return false
}

// together returns how many guards at the beginning of a list may look at the same time: those
// that ask others, up to one that masks.
func together(guards []*Guard) int {
	for i, g := range guards {
		switch {
		case g.Checker == nil:
			return max(i, 1)
		case g.masks() && g.acts():
			return i + 1
		}
	}
	return len(guards)
}

// several lets guards that ask others look at the same time, and returns the verdict of the first
// that refuses.
func (r *round) several(ctx context.Context, guards []*Guard) *verdict {
	out := make([]*verdict, len(guards))
	var wait sync.WaitGroup
	asking := make([]context.Context, len(guards))
	for i, g := range guards {
		asking[i] = r.wait(ctx, g)
	}
	subject := r.subject() // one for all: they only read it
	for i, g := range guards {
		wait.Go(func() { out[i] = ask(asking[i], g, subject) })
	}
	wait.Wait()
	for _, v := range out {
		if r.refuses(v) {
			return v
		}
	}
	return nil
}

// one lets one guard look.
func (r *round) one(ctx context.Context, g *Guard) {
	if g.Checker != nil {
		r.single = *ask(r.wait(ctx, g), g, r.subject())
		return
	}
	began := time.Now()
	r.single = verdict{guard: g, opinion: content.Opinion{Findings: r.findings[:0]}}
	v := &r.single
	if g.Form != nil {
		v.opinion, v.err = r.form(ctx, g)
	} else if g.Measure != nil {
		v.opinion = g.Measure(r.visit.ex.Request.Decoded(), textsOf(r.items))
	} else if s := r.visit.scanner(g); s != nil {
		v.opinion.Findings, v.err = r.scan(v.opinion.Findings, s, began.Add(limit(g, r.size)))
	}
	r.findings = v.opinion.Findings
	v.took = time.Since(began)
}

// scan has a scanner look at all texts.
func (r *round) scan(dst []content.Finding, s content.Scanner, until time.Time) (_ []content.Finding, err error) {
	for i := range r.items {
		known, plain := len(dst), r.items[i].Plain
		if len(plain) < longText {
			dst = s.Scan(dst, plain)
		} else if dst, err = scanLong(dst, s, plain, until); err != nil {
			return nil, err
		}
		for j := range dst[known:] {
			dst[known+j].Text = i
		}
	}
	return dst, nil
}

// wait grants a guard its time. Without time left its context has ended.
func (r *round) wait(ctx context.Context, g *Guard) context.Context {
	granted, err := r.more(ctx, g.Timeout)
	if err != nil {
		ended, cancel := context.WithTimeout(ctx, 0)
		cancel()
		return ended
	}
	return granted
}

// ask has a guard judge the whole. It may run on a goroutine of its own.
func ask(ctx context.Context, g *Guard, subject *content.Subject) *verdict {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, g.Timeout)
	defer cancel()
	v := &verdict{guard: g}
	v.opinion, v.err = g.Checker.Check(ctx, subject)
	if v.err != nil && ctx.Err() != nil {
		v.err = ctx.Err()
	}
	v.took = time.Since(began)
	return v
}

// subject is all texts as they stand.
func (r *round) subject() *content.Subject {
	s := r.visit.subject(r.output)
	s.Texts = plainOf(r.items)
	return s
}

// plainOf returns the texts of items, with where they stand.
func plainOf(items []texts.Item) []content.Text {
	all := textsOf(items)
	for i := range items {
		all[i].Path = items[i].Locate()
	}
	return all
}

// textsOf returns the texts of items.
func textsOf(items []texts.Item) []content.Text {
	all := make([]content.Text, len(items))
	for i := range items {
		all[i] = items[i].Text
	}
	return all
}

// mask puts placeholders in the place of what a guard found.
func (r *round) mask(v *verdict) {
	r.avoid(v)
	var changes []texts.Change
	for i, all := 0, v.opinion.Findings; i < len(all); {
		text := all[i].Text
		it := &r.items[text]
		changes = changes[:0]
		for ; i < len(all) && all[i].Text == text; i++ {
			f := &all[i]
			changes = append(changes, texts.Change{Start: f.Start, End: f.End, With: r.visit.mask(v.guard, f.Type, it.Span(f.Start, f.End), r.output)})
		}
		it.Apply(changes)
	}
}

// restore puts back what was masked in the request.
func (r *round) restore() {
	vault := &r.visit.vault
	if !vault.restores() {
		return
	}
	for i := range r.items {
		it := &r.items[i]
		if it.Kind == content.Thinking || it.Fixed() {
			continue
		}
		var changes []texts.Change
		for start, end, text := vault.find(it.Plain, 0); start >= 0; start, end, text = vault.find(it.Plain, end) {
			changes = append(changes, texts.Change{Start: start, End: end, With: text})
		}
		it.Apply(changes)
	}
}

// avoid has placeholders differ from what stands in the request already.
func (r *round) avoid(v *verdict) {
	if r.output || r.visit.avoided || len(v.opinion.Findings) == 0 {
		return
	}
	r.visit.avoided = true
	for i := range r.items {
		r.visit.vault.avoid(r.items[i].Plain)
	}
}
