package sim

import (
	"bytes"
	"net/http"
	"time"
)

const comment = ": keep-alive\n\n"

// play answers with a stream. It costs the whole input of u, and of its output
// what was sent.
func (x *exchange) play(st *stream, u Usage) {
	x.before(0)
	x.served.Status = http.StatusOK
	x.served.ID = x.answerID()
	x.head(streamType)
	if x.do.ContentLength != nil {
		x.served.Usage, x.served.Events = u, len(st.events)
		x.misstate(http.StatusOK, x.lineEnds(st.buf))
		return
	}
	x.w.WriteHeader(http.StatusOK)
	p := player{x: x, st: st, k: x.sink(), full: u, start: x.s.now()}
	p.run()
}

// player sends the events of one stream in order.
type player struct {
	x     *exchange
	st    *stream
	k     *sink
	full  Usage
	start time.Time // of the first event
}

func (p *player) run() {
	x, n := p.x, len(p.st.events)
	at, act := x.interruption(n)
	failAt, endAt := n+1, n+1
	if x.do.Error != nil {
		failAt = min(*x.do.Error, n)
	}
	if t := x.do.Truncate; t != nil {
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
			p.k.write(x.lineEnds(x.errorEvent()))
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
	x, ev := p.x, p.st.events[i]
	if x.do.TPS > 0 {
		p.pace(ev)
	}
	b := p.st.bytes(i)
	if m := x.do.Malformed; m != nil && i == min(*m, len(p.st.events))-1 {
		b = p.st.broken(i)
	}
	if x.do.Comments {
		p.k.write(x.lineEnds([]byte(comment)))
	}
	p.k.write(x.lineEnds(b))
	x.served.Events++
	p.bill(i)
}

// pace waits until the model would have written an event's tokens. Thinking that
// is not shown takes no time beyond the scripted one to the first token.
func (p *player) pace(ev event) {
	first := p.st.events[0]
	tokens := ev.out + ev.hidden - first.out - first.hidden
	due := p.start.Add(time.Duration(float64(tokens) / p.x.do.TPS * float64(time.Second)))
	if d := due.Sub(p.x.s.now()); d > 0 {
		p.x.wait(d)
	}
}

// bill counts what was sent so far.
func (p *player) bill(i int) {
	u, ev := p.full, p.st.events[i]
	if i < len(p.st.events)-1 {
		u.Output, u.Reasoning, u.AudioOutput = ev.out, ev.hidden, 0
	}
	p.x.served.Usage = u
}

// lineEnds gives an event the line ends of the script. JSON has none inside.
func (x *exchange) lineEnds(b []byte) []byte {
	if !x.do.CRLF {
		return b
	}
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}

// inBand returns the error that comes inside an answer with status 200.
func (x *exchange) inBand() *apiError {
	e := x.scripted(x.dialect.errorInStream())
	if e.html {
		e = x.dialect.failure(http.StatusInternalServerError, x.call.model, x.served.Key, false)
	}
	return e
}

func (x *exchange) errorEvent() []byte {
	return append(x.dialect.errorEvent(x.errorBody(x.inBand())), '\n', '\n')
}
