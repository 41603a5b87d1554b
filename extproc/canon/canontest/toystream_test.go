package canontest_test

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// Decoder implements dialect.Backend.
func (toy) Decoder(bool) canon.StreamDecoder { return &toyDecoder{} }

// Encoder implements dialect.Client.
func (toy) Encoder(canon.Client) canon.StreamEncoder { return &toyEncoder{tool: -1} }

// toyDecoder reads a stream. What it keeps over events it copies: their memory serves
// again.
type toyDecoder struct {
	out   []canon.Event
	calls int
	usage canon.Usage
	ended bool
}

// Next implements canon.StreamDecoder.
func (d *toyDecoder) Next(ev scan.Event) []canon.Event {
	d.out = d.out[:0]
	data := ev.Data()
	if d.ended || data == nil {
		return nil
	}
	w, err := read(scan.Document(data))
	switch {
	case err != nil:
		d.fail(canon.Malformed(err.Error()))
	case w[problem] != nil:
		d.fail(faultOf(0, &w))
	case w[over] != nil:
		d.ended = true
		d.emit(canon.Event{Kind: canon.EventDone})
	default:
		d.read(&w)
	}
	return d.out
}

func (d *toyDecoder) read(w *words) {
	if w[id] != nil {
		d.emit(canon.Event{Kind: canon.EventStart, ID: w[id], Model: w[model]})
	}
	if w[call] != nil {
		d.calls++
		d.emit(canon.Event{Kind: canon.EventToolStart, Tool: d.calls - 1, ID: w[call], Name: w[name]})
	}
	if w[args] != nil {
		d.emit(canon.Event{Kind: canon.EventToolArgs, Tool: max(d.calls-1, 0), Text: w[args]})
	}
	for _, says := range []struct {
		member int
		kind   canon.EventKind
	}{{text, canon.EventText}, {refusal, canon.EventRefusal}, {thinking, canon.EventThinking}, {signature, canon.EventSignature}, {secret, canon.EventRedacted}} {
		if w[says.member].Kind() == scan.String {
			d.emit(canon.Event{Kind: says.kind, Text: w[says.member]})
		}
	}
	if w[end] != nil {
		d.emit(canon.Event{Kind: canon.EventFinish, Finish: endOf(w), Text: w[hit]})
	}
	if w[used] != nil {
		d.usage = usageOf(w[used])
		d.emit(canon.Event{Kind: canon.EventUsage, Usage: &d.usage})
	}
}

// Resume implements canon.StreamDecoder.
func (d *toyDecoder) Resume() { d.ended = false }

func (d *toyDecoder) emit(ev canon.Event) { d.out = append(d.out, ev) }

func (d *toyDecoder) fail(f *canon.Fault) {
	d.ended = true
	d.emit(canon.Event{Kind: canon.EventFailed, Fault: f})
}

// End implements canon.StreamDecoder.
func (d *toyDecoder) End(rest scan.Event) []canon.Event {
	d.out = d.out[:0]
	if canon.Whole(rest.Data()) {
		d.Next(rest)
	}
	if !d.ended {
		d.fail(canon.Cut())
	}
	return d.out
}

// toyEncoder writes a stream of one answer. Its end is held back until the answer is
// known to be whole. A call is written once its turn comes: the arguments of one that is
// not the last wait for no other, as a toy tells them apart by their order.
type toyEncoder struct {
	tool    int // whose arguments may follow
	waiting []toyCall
	finish  canon.Finish
	hit     []byte
	usage   canon.Usage
	ended   bool
}

type toyCall struct{ id, name, args []byte }

// Append implements canon.StreamEncoder.
func (e *toyEncoder) Append(b []byte, ev *canon.Event) []byte {
	if e.ended || ev.Choice > 0 {
		return b
	}
	member := -1
	switch ev.Kind {
	case canon.EventStart:
		return e.event(canon.AppendRaw(canon.AppendRaw(e.open(b), names[id], ev.ID), names[model], ev.Model))
	case canon.EventText:
		member = text
	case canon.EventRefusal:
		member = refusal
	case canon.EventThinking:
		member = thinking
	case canon.EventSignature:
		member = signature
	case canon.EventRedacted:
		member = secret
	case canon.EventToolStart:
		e.waiting = append(e.waiting, toyCall{id: append([]byte(nil), ev.ID...), name: append([]byte(nil), ev.Name...)})
		return b
	case canon.EventToolArgs:
		if c := ev.Tool; c < len(e.waiting) {
			e.waiting[c].args = append(e.waiting[c].args, canon.Inside(ev.Text)...)
		}
		return b
	case canon.EventFinish:
		e.finish, e.hit = ev.Finish, append(e.hit[:0], ev.Text...)
	case canon.EventUsage:
		e.usage.Overwrite(ev.Usage)
	case canon.EventFailed:
		return e.Abort(b, ev.Fault)
	case canon.EventDone:
		return e.done(b)
	default: // a toy has no blocks
	}
	if member < 0 {
		return b
	}
	return e.event(canon.AppendRaw(e.open(b), names[member], ev.Text))
}

func (e *toyEncoder) open(b []byte) []byte { return append(b, "data: {"...) }

func (e *toyEncoder) event(b []byte) []byte { return append(b, "}\n\n"...) }

func (e *toyEncoder) done(b []byte) []byte {
	e.ended = true
	for _, c := range e.waiting {
		b = canon.AppendRaw(canon.AppendRaw(e.open(b), names[call], c.id), names[name], c.name)
		b = e.event(canon.AppendQuoted(canon.AppendKey(b, names[args]), c.args))
	}
	if e.finish == canon.FinishStop && len(e.waiting) > 0 {
		e.finish = canon.FinishToolCalls
	}
	b = e.event(appendEnd(e.open(b), e.finish, e.hit))
	b = e.event(appendUsage(canon.AppendKey(e.open(b), names[used]), &e.usage))
	return e.event(append(e.open(b), `"over":true`...))
}

// Abort implements canon.StreamEncoder.
func (e *toyEncoder) Abort(b []byte, f *canon.Fault) []byte {
	if e.ended {
		return b
	}
	e.ended = true
	b, _ = toy{}.EncodeFault(append(b, "data: "...), f)
	return append(b, "\n\n"...)
}

// Ended implements canon.StreamEncoder.
func (e *toyEncoder) Ended() bool { return e.ended }

// toySkimmer reads what passes with the decoder. A dialect of its own looks into fewer
// events.
type toySkimmer struct {
	toyDecoder
	resp *exchange.Response
	used *canon.Usage
	done bool
}

// Skim implements dialect.Native.
func (toy) Skim(_ *exchange.Request, resp *exchange.Response, u *canon.Usage) exchange.Skimmer {
	return &toySkimmer{resp: resp, used: u}
}

// Frame implements exchange.Skimmer.
func (s *toySkimmer) Frame(raw []byte) exchange.Sight {
	sight, events := exchange.Shown, s.Next(raw)
	for i := range events {
		ev := &events[i]
		switch {
		case ev.Kind == canon.EventStart:
			s.resp.ID, s.resp.Model = canon.Str(ev.ID), canon.Str(ev.Model)
		case ev.Says():
			s.resp.Note(int64(len(canon.Inside(ev.Text))))
		case ev.Kind == canon.EventUsage:
			s.used.Replace(ev.Usage, canon.UsageProvider)
		case ev.Kind == canon.EventFailed:
			s.resp.Failed = true
		case ev.Kind == canon.EventDone:
			s.done, sight = true, exchange.Last
		}
	}
	return sight
}

// SawEnd implements exchange.Skimmer.
func (s *toySkimmer) SawEnd() bool { return s.done }

// Fault implements exchange.Skimmer.
func (s *toySkimmer) Fault() *canon.Fault { return nil }
