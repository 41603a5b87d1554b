package provider

import (
	"bytes"
	"slices"
	"sync/atomic"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/circuit"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/trait"
)

// target is a backend as one model uses it, prepared once for the policy.
type target struct {
	backend   *policy.Backend
	model     string
	host      string // of the backend, as its Host header names it
	dialect   dialect.Dialect
	simulated bool
	circuit   *circuit.Circuit
	class     int  // of the pool's classes
	link      int  // of the chain
	wild      bool // the model follows from the name that is asked for, so that it may have no price
	picky     bool // the model is known to refuse what others take
	canon     canon.Target
	streamed  *canon.Target                    // asks for a stream where the client wants a whole answer; nil: none is asked for
	wholeOnly atomic.Bool                      // the backend has refused to stream
	paths     map[exchange.Operation][2]string // of a JSON answer, and of a stream
	theirs    bool                             // it is asked with the client's own credential
	scheme    string                           // before the credential in its header, with a blank
	own       []string                         // headers of the client that are for this target
	unwanted  []string                         // headers that it gets only if they are set for it
}

// newTarget prepares a use that is asked in a dialect.
func newTarget(m *policy.Model, use policy.Use, asked string, traits trait.Set) *target {
	t := &target{backend: use.Backend, model: use.Model, dialect: dialect.ByName(asked), theirs: use.Backend.FromCaller}
	t.simulated = use.Backend.Provider.Name == policy.SimulatedProvider
	t.canon = canon.Target{Model: use.Model, MaxTokens: traits.Output, Quirks: use.Backend.Provider.Quirks, Traits: traits}
	t.picky = traits.Refuses()
	q := &t.canon.Quirks
	q.NoImages = q.NoImages || traits.Images == trait.No
	q.NoJSONSchema = q.NoJSONSchema || traits.Schema == trait.SchemaNone
	q.NoStrict = q.NoStrict || traits.Schema == trait.SchemaNone
	if m.Streams(use, traits.Reasoning) {
		streamed := t.canon
		streamed.Stream = true
		t.streamed = &streamed
	}
	t.paths = make(map[exchange.Operation][2]string)
	prefix := "/v1"
	t.host = policy.SimulatedProvider // the gateway's own, wherever it listens
	if u := use.Backend.URL; u != nil {
		prefix, t.host = use.Backend.PathPrefix(), u.Host
	}
	for _, op := range []exchange.Operation{exchange.Chat, exchange.Embeddings, exchange.CountTokens, exchange.Moderations, exchange.GetResponse, exchange.DeleteResponse, exchange.CancelResponse, exchange.InputItems} {
		if path := t.dialect.Path(op, t.model, false); path != "" {
			t.paths[op] = [2]string{prefix + path, prefix + t.dialect.Path(op, t.model, true)}
		}
	}
	if use.Backend.AuthScheme != policy.AuthNone {
		t.scheme = use.Backend.AuthScheme + " "
	}
	t.sortHeaders()
	return t
}

// offers reports whether the target answers an operation.
func (t *target) offers(op exchange.Operation) bool { return t.paths[op][0] != "" }

// path is where the target answers an attempt.
func (t *target) path(at *exchange.Attempt) string {
	if at.Streams {
		return t.paths[at.Request.Operation][1]
	}
	return t.paths[at.Request.Operation][0]
}

// streams reports whether the target is asked for a stream: by the client, or because that
// can carry the answer which the client wants whole.
func (t *target) streams(ex *exchange.Exchange) bool {
	req := &ex.Request
	switch {
	case req.Stream || t.streamed == nil || req.Operation != exchange.Chat:
		return req.Stream
	case t.wholeOnly.Load():
		return false
	case t.dialect.Name() == ex.Dialect:
		return t.dialect.Streamable(req.Body, &t.canon)
	}
	r := req.Decoded() // what is translated, any stream can carry
	return r == nil || r.Format.Kind == canon.FormatUnset || !t.canon.Quirks.NoStreamedFormat
}

// asked is how a target is asked, for a stream or not.
func (t *target) asked(req *exchange.Request, streams bool) *canon.Target {
	if streams && !req.Stream {
		return t.streamed
	}
	return &t.canon
}

// mend takes out of a conversation in the target's dialect what the target refuses of
// what other servers wrote.
func (t *target) mend(op exchange.Operation, body []byte) ([]byte, canon.Dropped, bool) {
	if op != exchange.Chat && op != exchange.CountTokens {
		return body, nil, false
	}
	return t.dialect.Mend(body, &t.canon)
}

// sortHeaders separates the headers that the client may send to the target from those
// that must not reach it.
func (t *target) sortHeaders() {
	// An attempt removes those that it does not set: the headers of the attempt before are still there.
	t.unwanted = slices.Clone(exchange.CredentialHeaders)
	for name, names := range exchange.DialectHeaders {
		if name != t.dialect.Name() {
			t.unwanted = append(t.unwanted, names...)
		}
	}
	t.own = slices.Clone(exchange.DialectHeaders[t.dialect.Name()])
	t.unwanted = slices.DeleteFunc(t.unwanted, func(name string) bool { return slices.Contains(t.own, name) })
	if t.simulated {
		t.own = append(t.own, SimHeader)
	} else {
		t.unwanted = append(t.unwanted, SimHeader)
	}
}

// sets returns the headers that only this target's backend is sent.
func (t *target) sets() []string {
	all := []string{t.backend.AuthHeader}
	if t.theirs {
		all = append(all, theirHeaders[t.dialect.Name()]...)
	}
	for _, h := range t.backend.SentHeaders() {
		all = append(all, h.Name)
	}
	return all
}

// keepOut takes note of headers that are set for other targets of the pool: an attempt at
// one of those before may have left them, in the place of what the client sent.
func (t *target) keepOut(names []string) {
	for _, name := range names {
		if passes[name] && !slices.Contains(t.own, name) && !slices.Contains(t.unwanted, name) {
			t.own = append(t.own, name)
		}
		if !slices.Contains(t.unwanted, name) {
			t.unwanted = append(t.unwanted, name)
		}
	}
}

// translates reports whether a request must be written anew for the target: the
// client speaks another dialect, or the server cannot take something in it. The
// looks into the body may find a word in a text, which only costs the rewriting.
func (t *target) translates(ex *exchange.Exchange) bool {
	op := ex.Request.Operation
	switch {
	case op != exchange.Chat && op != exchange.CountTokens:
		return false
	case t.dialect.Name() != ex.Dialect:
		return true
	case op == exchange.CountTokens:
		return false
	}
	body, q := ex.Request.Body, &t.canon.Quirks
	has := func(on bool, word string) bool { return on && bytes.Contains(body, []byte(word)) }
	return has(q.MaxTokensOnly, `"max_completion_tokens"`) || has(q.NoDeveloper, `"developer"`) ||
		has(q.NoStreamOptions, `"stream_options"`) || has(q.NoJSONSchema, `"json_schema"`) ||
		has(q.NoImages, `"image_url"`) || has(q.ShortToolIDs, `"tool_call`) || has(q.NoStrict, `"strict"`) ||
		has(q.NoCustom, `"custom"`) || has(q.NoFunctions, `"functions"`) || has(q.NoFunctions, `"function_call"`) ||
		q.NoUser && namesUser(body) || q.MaxToolID > 0 && longToolID(body, q.MaxToolID) ||
		t.picky && t.dialect.MayRefuse(body, &t.canon) || t.dialect.Scattered(body, &t.canon)
}
