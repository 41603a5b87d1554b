package provider

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy"
)

// fold makes one answer of a stream. What the stream says of the exchange is noted as of
// any stream, so that what broke off is paid for by what came. An answer that is whole already is
// kept as it came. It implements exchange.Fold.
type fold struct {
	target *target

	mu         sync.Mutex
	gunzip     *gunzip // nil: the stream is not compressed
	resp       exchange.Response
	usage      canon.Usage
	skim       exchange.Skimmer
	folder     exchange.Folder
	damage     damage
	split      scan.Splitter
	unstreamed unstreamed
	taken      int  // bytes of the stream, plain
	over       bool // no more is taken
	noted      bool
	fault      *canon.Fault // that ended the answer; nil: none did
}

func newFold(t *target, req *exchange.Request, packed bool) *fold {
	f := &fold{target: t, folder: t.dialect.Fold()}
	f.skim, f.damage = t.dialect.Skim(req, &f.resp, &f.usage), damage{of: t.dialect, resp: &f.resp}
	if packed {
		f.gunzip = newGunzip()
	}
	return f
}

// Feed implements exchange.Fold.
func (f *fold) Feed(piece []byte, last bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return false
	}
	plain := f.plain(piece)
	if f.taken += len(plain); f.taken > maxPlain && f.fault == nil {
		f.fault = canon.Malformed(fmt.Sprintf("the stream of a whole answer is longer than %d bytes", maxPlain))
	}
	if plain, taken := f.unstreamed.take(plain, last); taken {
		f.resp.Said++ // what it says stands at its end
		f.fault = cmp.Or(f.fault, f.unstreamed.fault)
	} else {
		f.frames(plain, last)
	}
	f.over = last || f.fault != nil
	return !f.over
}

// frames takes the events of a piece.
func (f *fold) frames(plain []byte, last bool) {
	f.split.Feed(plain)
	for f.fault == nil {
		raw, err := f.split.Next()
		if err != nil {
			f.fault = canon.Malformed(err.Error())
		}
		if raw == nil {
			break
		}
		f.frame(raw)
	}
	if last && f.fault == nil {
		f.end()
	}
}

// plain unpacks a piece.
func (f *fold) plain(piece []byte) []byte {
	if f.gunzip == nil {
		return piece
	}
	out, err := f.gunzip.chunk(piece)
	if err != nil {
		f.resp.Bomb = tooMuch(err)
		f.fault = canon.Malformed(fmt.Sprintf("unpacking the stream: %v", err))
	}
	return out
}

// frame takes an event. One that cannot be read is left out if nothing of the answer was in
// it.
func (f *fold) frame(raw scan.Event) {
	var sight exchange.Sight
	if sight, f.fault = f.damage.look(f.skim, raw, &f.usage); f.fault == nil && sight != exchange.Broken {
		f.fault = f.folder.Frame(raw)
	}
}

// end takes the end of the stream, with what no blank line has ended.
func (f *fold) end() {
	if rest := f.split.Rest(); len(rest) > 0 {
		f.frame(rest)
	}
	switch {
	case f.fault != nil:
	case !f.skim.SawEnd():
		f.fault = canon.Cut()
	default:
		f.fault = f.damage.end(&f.usage)
	}
}

// Held implements exchange.Fold.
func (f *fold) Held() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(f.taken)
}

// Said implements exchange.Fold.
func (f *fold) Said() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.resp.Said
}

// Silence implements exchange.Fold.
func (f *fold) Silence(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.over {
		f.over, f.resp.Silent = true, true
		f.fault = &canon.Fault{Kind: canon.FaultTimeout, Status: 504,
			Message: fmt.Sprintf("Backend %q said nothing for %s in the middle of its answer.", f.target.backend.Name, d)}
	}
}

// Note implements exchange.Fold.
func (f *fold) Note(ex *exchange.Exchange) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.noted {
		return
	}
	f.over, f.noted = true, true
	if f.gunzip != nil {
		f.gunzip.stop()
	}
	resp := &ex.Response
	resp.Folded, resp.Silent = !f.unstreamed.whole(), f.resp.Silent
	resp.ID, resp.Model, resp.Failed, resp.SawEnd = f.resp.ID, f.resp.Model, f.resp.Failed, f.skim.SawEnd()
	resp.End, resp.Bomb = f.resp.End, f.resp.Bomb
	if f.fault != nil && f.fault.Kind != canon.FaultCut && !f.resp.Silent && resp.Fault == nil {
		resp.Fault = f.fault
	}
	resp.TextBytes, resp.Unreadable = f.resp.TextBytes, f.resp.Unreadable
	ex.Usage = f.usage
	if !ex.Route.Single && ex.Route.Backend == "" {
		f.answers(ex)
	}
}

// answers notes who answers, for an exchange that breaks off before its answer is there.
func (f *fold) answers(ex *exchange.Exchange) {
	attempts := ex.Attempts.List()
	for i := len(attempts) - 1; i >= 0; i-- {
		if a := &attempts[i]; a.Backend == f.target.backend.Name && a.Model == f.target.model {
			ex.Attempts.NoteAnswers(i)
			ex.Dropped, ex.Route.Written = a.Dropped, a.Written
			break
		}
	}
	r := &ex.Route
	r.Backend, r.Provider, r.Serves = f.target.backend.Name, f.target.backend.Provider.Name, f.target.model
}

// answer returns the answer, or what became of it.
func (f *fold) answer() ([]byte, *canon.Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault != nil {
		return nil, f.fault
	}
	if f.unstreamed.whole() {
		return f.unstreamed.body, nil
	}
	body, whole := f.folder.Answer(nil)
	if !whole {
		return nil, canon.Cut()
	}
	return body, nil
}

// Fold implements exchange.Folds.
func (v *visit) Fold(backend, model string, headers exchange.Headers) exchange.Fold {
	if v.pool == nil {
		return nil
	}
	t := v.pool.single
	if t == nil {
		t = v.pool.find(backend, model)
	}
	encoding := headers.Get("content-encoding")
	if t == nil || len(encoding) > 0 && !isGzip(encoding) && !bytes.EqualFold(encoding, []byte("identity")) {
		return nil
	}
	return newFold(t, &v.ex.Request, isGzip(encoding))
}

// mayFold has the answer made of a stream if a backend that may serve the request is asked
// for one although the client wants it whole.
func (p *plan) mayFold() {
	req := &p.ex.Request
	req.MayFold = !req.Stream && slices.ContainsFunc(p.pool.targets, func(t *target) bool {
		return p.supporting&(1<<t.class) != 0 && t.streams(p.ex)
	})
	if req.MayFold {
		req.Out.SetHeader(policy.FoldHeader, policy.FoldStream)
	}
}
