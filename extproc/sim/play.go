package sim

import (
	"bytes"
	"net/http"
	"time"

	"github.com/headgate/headgate/extproc/sim/wire"
)

const (
	comment = ": keep-alive\n\n"
	ping    = "event: ping\ndata: {\"type\":\"ping\"}\n\n"
	bom     = "\ufeff"
)

// play answers with a stream. It costs the whole input of u, and of its output
// what was sent.
func (x *exchange) play(st *wire.Stream, u Usage) {
	x.before(0)
	x.served.Status = http.StatusOK
	x.served.ID = x.answerID()
	x.head(streamType)
	if x.Do.ContentLength != nil {
		x.served.Usage, x.served.Events = u, len(st.Events)
		x.misstate(http.StatusOK, x.lineEnds(st.Buf))
		return
	}
	x.w.WriteHeader(http.StatusOK)
	x.silence()
	p := player{x: x, st: st, k: x.sink(), full: u, start: x.s.now()}
	if x.Do.BOM {
		p.k.write([]byte(bom))
	}
	p.run()
}

// player sends the events of one stream in order.
type player struct {
	x     *exchange
	st    *wire.Stream
	k     *sink
	full  Usage
	start time.Time // of the first event
}

func (p *player) run() {
	x, n := p.x, len(p.st.Events)
	at, act := x.interruption(n)
	failAt, endAt := n+1, n+1
	if x.Do.Error != nil {
		failAt = min(*x.Do.Error, n)
	}
	if t := x.Do.Truncate; t != nil {
		if endAt = min(*t, n); endAt < 0 {
			endAt = n / 2
		}
	}
	for i := 0; ; i++ {
		switch {
		case i == at:
			p.k.release()
			act()
		case i == failAt:
			p.k.write(x.lineEnds(x.dialect.ErrorEvents(&x.Turn, x.inBand(), i)))
			p.k.close()
			return
		case i == endAt, i == n:
			p.k.close()
			p.k.release()
			return
		}
		p.event(i)
	}
}

// event sends event i and bills it.
func (p *player) event(i int) {
	x, ev := p.x, p.st.Events[i]
	if x.Do.TPS > 0 {
		p.pace(ev)
	}
	b := p.st.Bytes(i)
	if m := x.Do.Malformed; m != nil && i == min(*m, len(p.st.Events))-1 {
		b = p.st.Broken(i)
	}
	if x.Do.Comments {
		p.k.write(x.lineEnds([]byte(comment)))
	}
	if x.Do.Pings {
		p.k.write(x.lineEnds([]byte(ping)))
	}
	if s := x.Do.Stutter; s != nil && i == min(*s, len(p.st.Events))-1 {
		p.k.write(x.lineEnds(p.st.Broken(i)))
	}
	p.k.write(x.lineEnds(b))
	x.served.Events++
	p.bill(i)
}

// pace waits until the model would have written an event's tokens. Thinking that
// is not shown takes no time beyond the scripted one to the first token.
func (p *player) pace(ev wire.Event) {
	first := p.st.Events[0]
	tokens := ev.Out + ev.Hidden - first.Out - first.Hidden
	due := p.start.Add(time.Duration(float64(tokens) / p.x.Do.TPS * float64(time.Second)))
	if d := due.Sub(p.x.s.now()); d > 0 {
		p.x.wait(d)
	}
}

// bill counts what was sent so far.
func (p *player) bill(i int) {
	u, ev := p.full, p.st.Events[i]
	if i < len(p.st.Events)-1 {
		u.Output, u.Reasoning, u.AudioOutput = ev.Out, ev.Hidden, 0
	}
	p.x.served.Usage = u
}

// lineEnds gives an event the line ends of the script. JSON has none inside.
func (x *exchange) lineEnds(b []byte) []byte {
	if !x.Do.CRLF {
		return b
	}
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}

// inBand returns the error that comes inside an answer with status 200.
func (x *exchange) inBand() *wire.Error {
	e := x.scripted(x.dialect.ErrorInStream())
	if e.HTML {
		e = x.dialect.Failure(http.StatusInternalServerError, x.Call.Model, x.served.Key, false)
	}
	return e
}
