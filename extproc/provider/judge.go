package provider

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/circuit"
)

// Answered implements exchange.Visit: it judges an attempt by its status and, where Envoy
// holds the answer, by its first content.
//
// What the backend cannot do now, or not for this gateway, goes to the next link at once.
// What failed may go well the next time, and is tried again on its link. An error that is
// the client's own is let pass: no other backend would do better.
func (p *plan) Answered(_ context.Context, at *exchange.Attempt) (exchange.Judgement, error) {
	if at.ByContent && at.Stream && at.Reader == nil {
		p.readEvents(at)
	}
	if awaitsWords(at) {
		return exchange.Judgement{Undecided: true, Wake: wordsWait - at.Elapsed}, nil
	}
	j := p.judge(at)
	p.answered(at, j)
	if !j.Undecided {
		p.noteSaid(at)
	}
	return j, nil
}

func (p *plan) judge(at *exchange.Attempt) exchange.Judgement {
	switch {
	case p.ofTheirs(at), at.Request.Operation.OfKept() && gone(at.Status):
		return exchange.Judgement{}
	case refusedKey(at.Status):
		p.stage.reject(at.Backend, at.Secret, at.Status)
		return p.moveOn(at, "")
	case at.Status == http.StatusTooManyRequests:
		return p.limitReached(at, circuit.Limited, "")
	case at.Status == statusOverloaded:
		return p.limitReached(at, circuit.Overloaded, "")
	case misnamed(at.Status):
		return p.moveOn(at, "")
	case at.Status == http.StatusConflict, at.Status == http.StatusTooEarly:
		return tryAgain("")
	case at.Status == http.StatusBadRequest, at.Status == http.StatusRequestEntityTooLarge:
		return p.judgeRefusal(at)
	case at.Status > 599: // is none that exists
		return tryAgain(exchange.FaultUnreadable)
	case at.Status >= 300, !at.ByContent, at.Request.Operation.OfKept():
		return exchange.Judgement{}
	case at.Stream:
		return p.judgeStream(at)
	}
	return p.judgeWhole(at)
}

// misnamed reports whether a status says that what the policy names is not there: the model,
// or the place where the backend is asked.
func misnamed(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return true
	}
	return status >= 300 && status < 400
}

// gone reports whether a status says that what the path names is not there any more, or not in a
// state in which it can be asked for.
func gone(status int) bool { return misnamed(status) || status == http.StatusConflict }

// judgeRefusal judges a refusal of the request. One that is too long for this backend may
// not be for a later link, and one that is refused as a stream may be asked for as a whole:
// no backend is at fault, so none is left or ejected for it. Anthropic refuses an account
// without money in this way, too.
func (p *plan) judgeRefusal(at *exchange.Attempt) exchange.Judgement {
	t := p.pool.find(at.Backend, at.Model)
	longer, streamed := p.longerAfter(t), at.Streams && !at.Request.Stream
	switch {
	case longer && at.Status == http.StatusRequestEntityTooLarge:
		return exchange.Judgement{Again: true, Fault: exchange.FaultTooLong}
	case !at.ByContent:
		return exchange.Judgement{}
	case !at.Complete:
		return p.wait(at)
	}
	p.unpackHeld(at)
	switch f := t.dialect.DecodeFault(at.Status, at.Held); {
	case longer && f.TooLong():
		return exchange.Judgement{Again: true, Fault: exchange.FaultTooLong}
	case f.Kind == canon.FaultBilling && !t.theirs:
		return p.judgeFault(at, f)
	case streamed && f.OfStream():
		p.stage.askWhole(t)
		return exchange.Judgement{Again: true, Fault: exchange.FaultRefused}
	}
	return exchange.Judgement{}
}

// longerAfter reports whether a link after a target's may be chosen for the request and
// takes longer ones, as far as it is known.
func (p *plan) longerAfter(t *target) bool {
	for _, o := range p.pool.targets {
		longer := o.canon.Traits.Context == 0 || o.canon.Traits.Context > t.canon.Traits.Context
		if o.link > t.link && longer && p.asked(o) {
			return true
		}
	}
	return false
}

// judgeStream judges a stream by its first content, or by its end if that comes first.
func (p *plan) judgeStream(at *exchange.Attempt) exchange.Judgement {
	for i := range at.Events {
		switch ev := &at.Events[i]; {
		case ev.Kind == canon.EventFailed:
			return p.judgeFault(at, ev.Fault)
		case ev.Answers():
			return exchange.Judgement{}
		case ev.Kind == canon.EventUsage:
			at.Spent.Usage.Replace(ev.Usage, canon.UsageEstimated)
		}
	}
	if at.Complete {
		return tryAgain(exchange.FaultEmpty)
	}
	return p.wait(at)
}

// judgeWhole judges an answer that is read as a whole, once it is there. Of one that ends
// in trailers Envoy does not say so.
func (p *plan) judgeWhole(at *exchange.Attempt) exchange.Judgement {
	p.unpackHeld(at)
	body := bytes.TrimSpace(at.Held)
	switch {
	case !at.Complete && !(bytes.HasSuffix(body, []byte("}")) && canon.Whole(body)):
		return p.wait(at)
	case len(body) == 0:
		return tryAgain(exchange.FaultEmpty)
	}
	err := p.readWhole(at)
	var f *canon.Fault
	switch {
	case err == nil:
		return exchange.Judgement{}
	case errors.As(err, &f):
		return p.judgeFault(at, f)
	}
	return tryAgain(exchange.FaultUnreadable)
}

// readWhole reads an answer as it will be read for the client. Of one that is none it notes
// what was consumed.
func (p *plan) readWhole(at *exchange.Attempt) (err error) {
	t, op := p.pool.find(at.Backend, at.Model), p.ex.Request.Operation
	if op == exchange.Chat && formOf(at.Held) == formEvents {
		return readFolded(t, at)
	}
	translates := op == exchange.Chat && t.dialect.Name() != p.ex.Dialect
	if translates {
		if _, err = t.dialect.DecodeAnswer(at.Held); err == nil {
			return nil
		}
	}
	resp := exchange.Response{Body: at.Held}
	if c, ok := t.dialect.(dialect.Counter); ok && op == exchange.CountTokens {
		_, err = c.ReadCount(at.Held)
		return err
	}
	found := t.dialect.ReadResponse(op, &resp, &at.Spent.Usage)
	if at.Spent.TextBytes = resp.TextBytes; found != nil && len(at.Held) > 0 && at.Held[0] == '{' && !canon.Whole(at.Held) {
		at.Spent.TextBytes = int64(len(at.Held)) // of an answer that was broken off
	}
	if translates {
		return err
	}
	return found
}

// readFolded reads an answer that is held whole and is a stream.
func readFolded(t *target, at *exchange.Attempt) error {
	f := newFold(t, at.Request, false)
	f.Feed(at.Held, true)
	at.Spent.Usage, at.Spent.TextBytes = f.usage, f.resp.TextBytes
	if _, fault := f.answer(); fault != nil {
		return fault
	}
	return nil
}

// judgeFault judges an error behind the status of a success.
func (p *plan) judgeFault(at *exchange.Attempt, f *canon.Fault) exchange.Judgement {
	if t := p.pool.find(at.Backend, at.Model); t != nil {
		p.saidIn(at, t, f)
	}
	switch f.Kind {
	case canon.FaultAuthentication, canon.FaultBilling, canon.FaultPermission:
		if t := p.pool.find(at.Backend, at.Model); t != nil && t.theirs {
			return exchange.Judgement{}
		}
		p.stage.reject(at.Backend, at.Secret, f.Kind.Status())
		return p.moveOn(at, exchange.FaultRefused)
	case canon.FaultNotFound:
		return p.moveOn(at, exchange.FaultRefused)
	case canon.FaultRateLimit, canon.FaultQuota:
		return p.limitReached(at, circuit.Limited, exchange.FaultOverloaded)
	case canon.FaultOverloaded:
		return p.limitReached(at, circuit.Overloaded, exchange.FaultOverloaded)
	case canon.FaultServer, canon.FaultTimeout:
		return tryAgain(exchange.FaultError)
	case canon.FaultCut:
		return tryAgain(exchange.FaultEmpty)
	case canon.FaultMalformed:
		return tryAgain(exchange.FaultUnreadable)
	case canon.FaultRequest, canon.FaultTooLarge, canon.FaultContent:
	}
	return exchange.Judgement{}
}

// early is how long before an attempt's time is over one that is merely silent is let go:
// Envoy would end it.
func early(timeout time.Duration) time.Duration { return min(100*time.Millisecond, timeout/5) }

// wait holds an answer that says nothing yet, as long as its attempt may take. Its headers
// came in time, so it is let go then, unless the policy bounds the silence behind them.
func (p *plan) wait(at *exchange.Attempt) exchange.Judgement {
	end := at.Began.Add(p.pool.timeout - early(p.pool.timeout))
	until := end
	if p.pool.firstToken > 0 {
		until = p.silentAt(at, end)
	}
	switch {
	case at.Now.Before(until) && at.Now.Before(end):
		return exchange.Judgement{Undecided: true, Wake: min(until.Sub(at.Now), end.Sub(at.Now))}
	case p.pool.firstToken > 0 && !at.Now.Before(until):
		return p.moveOn(at, exchange.FaultSilent)
	}
	return exchange.Judgement{}
}

// silentAt is when an answer has been silent for too long. The end of the attempt's time
// is too long for a stream. In an answer that comes as a whole every byte is a sign of
// life: what it says stands at the end.
func (p *plan) silentAt(at *exchange.Attempt, end time.Time) time.Time {
	if !at.Stream {
		return at.Heard.Add(p.pool.firstToken)
	}
	if silent := at.HeadersAt.Add(p.pool.firstToken); silent.Before(end) {
		return silent
	}
	return end
}

// tryAgain has an attempt tried again: on its link, and on the next when it has had its
// turns.
func tryAgain(found exchange.Fault) exchange.Judgement {
	return exchange.Judgement{Status: http.StatusServiceUnavailable, Fault: found}
}

// mayMark reports whether an endpoint may be marked after the nth attempt of an exchange.
// Before each turn but the first Envoy settles on the endpoints of the turn, and it finds
// none for the next attempt if they are marked before the turn is over (envoy/facts).
func (p *pool) mayMark(n int) bool { return n <= p.turn || n%p.turn == 0 }

// moveOn has the next link tried at once, but in a later turn than the first, which is spent
// to its end. If every backend has said so, no attempt is left to win, and the status ends
// the retries.
func (p *plan) moveOn(at *exchange.Attempt, found exchange.Fault) exchange.Judgement {
	j := exchange.Judgement{Status: http.StatusTooManyRequests, Degrade: p.pool.mayMark(at.Number), Fault: found}
	if p.exhausted(at, p.ex.Attempts.List()) {
		j.Status = http.StatusFailedDependency
	}
	return j
}

func refusedKey(status int) bool { return status == 401 || status == 402 || status == 403 }

// exhausted reports whether every backend that may be chosen for the request has been left at
// once the last time that it was asked, as the one of this attempt is, or is to be left alone.
func (p *plan) exhausted(at *exchange.Attempt, attempts []exchange.Tried) bool {
	for _, t := range p.pool.targets {
		if !p.asked(t) {
			continue
		}
		left := at.Backend == t.backend.Name && at.Model == t.model || p.pool.leaves(t, at.Now)
		for i := len(attempts) - 1; i >= 0 && !left; i-- {
			if a := &attempts[i]; a.Backend == t.backend.Name && a.Model == t.model {
				left = a.Judged == http.StatusTooManyRequests
				break
			}
		}
		if !left {
			return false
		}
	}
	return true
}
