package provider

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// answer is what came back for one exchange.
type answer struct {
	*plan
	target *target // that answers; of a pool of several known from the last attempt
	secret int     // index of the credential in use
}

// response finds out who answered, and takes from the answer what the exchange must
// know.
func (a *answer) response(resp *exchange.Response) exchange.Verdict {
	if resp.Origin == exchange.FromProvider {
		resp.RequestID = exchange.RequestID(resp.Headers)
	}
	v := a.choose(resp)
	a.leaveProbes()
	a.ex.Theirs = a.target != nil && a.target.theirs && v.Action == exchange.Pass
	if resp.Origin == exchange.FromProvider {
		resp.Out.Remove = append(resp.Out.Remove, a.hidden(resp.Headers)...)
	}
	if v.Action != exchange.Pass {
		return v
	}
	if resp.Origin != exchange.FromProvider || a.target == nil {
		return exchange.Verdict{}
	}
	if resp.Status < 300 {
		a.stage.secrets.Accept(a.target.backend.Name, a.secret)
	}
	if len(a.ex.Dropped) > 0 {
		resp.Out.SetList(DroppedHeader, a.ex.Dropped)
	}
	resp.Translates = a.target.dialect.Name() != a.ex.Dialect ||
		a.target.canon.Quirks.NoFunctions && a.ex.Request.Decoded().KnowsFunctions() ||
		a.target.canon.Quirks.NoCustom && a.ex.Request.Decoded().HasCustom()
	if resp.Stream {
		return a.stream(resp)
	}
	if v := a.unpack(resp); v.Action != exchange.Pass {
		return v
	}
	a.unmark(resp)
	if resp.Folded || a.mislabelled(resp) {
		if v := a.fold(resp); v.Action != exchange.Pass {
			return v
		}
	}
	return a.read(resp)
}

// stream begins the reading of a stream.
func (a *answer) stream(resp *exchange.Response) exchange.Verdict {
	packed := isGzip(resp.Headers.Get("content-encoding"))
	if packed {
		resp.Out.Remove = append(resp.Out.Remove, "content-encoding")
	}
	s := newStream(a.target, a.ex, packed)
	if s.gives = a.giver(a.target); s.gives != nil {
		s.gives.next, s.passer.mend = s.passer.mend, s.gives
	}
	resp.Reader = s
	return exchange.Verdict{}
}

// read takes from a whole answer what the exchange must know.
func (a *answer) read(resp *exchange.Response) exchange.Verdict {
	if resp.Status >= 300 && resp.Fault == nil {
		resp.Fault = a.target.dialect.DecodeFault(resp.Status, bytes.TrimSpace(resp.Body))
	}
	switch {
	case resp.Status > 599:
		return a.unreadable(resp, errors.New("there is no such status"))
	case a.accountRefused(resp) && !a.target.theirs:
		return a.keyRefused(resp)
	case resp.Status >= 400:
		return a.failed(resp)
	}
	op := a.ex.Request.Operation
	if op.OfKept() {
		a.kept(op, resp)
		return exchange.Verdict{}
	}
	chat := op == exchange.Chat
	if chat {
		resp.DecodeBy(a.target.dialect.DecodeAnswer)
	}
	switch {
	case resp.Translates && chat:
		return a.translated(resp)
	case a.counts():
		return a.counted(resp)
	}
	if err := a.target.dialect.ReadResponse(op, resp, &a.ex.Usage); err != nil {
		return a.noAnswer(resp, err)
	}
	if chat {
		a.measure(resp)
	}
	a.rename(resp)
	a.bind(resp)
	return exchange.Verdict{}
}

// measure measures a whole answer that its server has not counted, as far as it can be read.
func (a *answer) measure(resp *exchange.Response) {
	if a.ex.Usage.Whole() {
		return
	}
	if whole, err := resp.Canon(); err == nil {
		resp.TextBytes = max(resp.TextBytes, whole.Written())
	}
}

// kept takes from what a backend has kept what the exchange must know. An answer that failed
// is no failure of asking for it.
func (a *answer) kept(op exchange.Operation, resp *exchange.Response) {
	if op == exchange.GetResponse || op == exchange.CancelResponse {
		if err := a.target.dialect.ReadResponse(op, resp, &a.ex.Usage); err == nil {
			resp.DecodeBy(a.target.dialect.DecodeAnswer)
		}
	}
	a.bind(resp)
}

// bind binds the ids in a whole answer that passes.
func (a *answer) bind(resp *exchange.Response) {
	g := a.giver(a.target)
	if g == nil || len(resp.Body) == 0 {
		return
	}
	if body := g.whole(resp.Body); &body[0] != &resp.Body[0] {
		resp.Body = body
		resp.Out.ReplaceBody(body)
	}
}

// noAnswer refuses a 200 response that is an error, or cannot be read.
func (a *answer) noAnswer(resp *exchange.Response, err error) exchange.Verdict {
	var f *canon.Fault
	if !errors.As(err, &f) || f.Kind == canon.FaultMalformed {
		return a.unreadable(resp, err)
	}
	resp.NoteFault(f)
	return a.fault(resp, f)
}

// unpack makes a compressed answer plain: no client has asked for compression, because
// accept-encoding does not leave. An error whose body cannot be unpacked is reported
// with its status.
func (a *answer) unpack(resp *exchange.Response) exchange.Verdict {
	if !isGzip(resp.Headers.Get("content-encoding")) {
		return exchange.Verdict{}
	}
	resp.Out.Remove = append(resp.Out.Remove, "content-encoding")
	plain, err := unzip(resp.Body)
	resp.Bomb = tooMuch(err)
	switch {
	case err != nil && resp.Status < 400:
		return a.unreadable(resp, err)
	case err != nil:
		plain = nil
	}
	resp.Unpacked(plain)
	return exchange.Verdict{}
}

// unmark takes off the byte order mark before an answer: readers of JSON need not take one
// (RFC 8259, 8.1).
func (a *answer) unmark(resp *exchange.Response) {
	if body := unmarked(resp.Body); len(body) < len(resp.Body) {
		resp.Body = body
		resp.Out.ReplaceBody(body)
	}
}

// mislabelled reports whether a whole answer is a stream, whatever its label says.
func (a *answer) mislabelled(resp *exchange.Response) bool {
	return resp.Status == 200 && a.ex.Request.Operation == exchange.Chat && formOf(resp.Body) == formEvents
}

// translated reads a whole answer in another dialect and takes its usage on the way:
// one reading serves both.
func (a *answer) translated(resp *exchange.Response) exchange.Verdict {
	whole, err := resp.Canon()
	if err != nil || !whole.Usage.Whole() {
		// What was broken off is billed all the same, and an answer that reports no
		// usage is measured. The error is reported below.
		_ = a.target.dialect.ReadResponse(a.ex.Request.Operation, resp, &a.ex.Usage)
	}
	if err != nil {
		return a.noAnswer(resp, err)
	}
	resp.ID, resp.Model = canon.Str(whole.ID), canon.Str(whole.Model)
	resp.NoteEnd(whole.Choices[0].RawFinish, whole.Choices[0].Finish)
	a.ex.Usage.Replace(&whole.Usage, canon.UsageProvider)
	a.measure(resp)
	return exchange.Verdict{}
}

// keyRefused hides a provider's refusal of the gateway's credential: its text may
// quote the credential, and the client's own key is not at fault.
func (a *answer) keyRefused(resp *exchange.Response) exchange.Verdict {
	name := a.target.backend.Name
	if a.pool.single != nil {
		a.plan.stage.reject(name, a.secret, resp.Status)
	}
	status := resp.Status
	if !refusedKey(status) {
		status = http.StatusPaymentRequired
	}
	return exchange.Denied(status, exchange.ReasonCredential,
		fmt.Sprintf("The provider refused the gateway's credential for backend %q (status %d). Your own key is not at fault; the gateway's operators find it in their log.", name, resp.Status))
}

// accountRefused reports whether the provider does not serve the account: by its status, or because
// there is no money in it, which Anthropic says with a 400.
func (a *answer) accountRefused(resp *exchange.Response) bool {
	return refusedKey(resp.Status) || resp.Fault != nil && resp.Fault.Kind == canon.FaultBilling
}

// failed passes on a provider's error: as it is if the client speaks its dialect and knows what
// it says, else in the client's words. One that is no JSON is reported with its words; of one that quotes the
// gateway's credential nothing but the status is said.
func (a *answer) failed(resp *exchange.Response) exchange.Verdict {
	body := bytes.TrimSpace(resp.Body)
	if len(body) == 0 || body[0] != '{' && body[0] != '[' || a.quotesSecret(body) {
		return a.status(resp, body)
	}
	f := resp.Fault
	switch {
	case a.streamed() && f.OfStream():
		return a.askWhole(resp)
	case body[0] == '{' && !resp.Translates && !f.Foreign:
		return exchange.Verdict{}
	}
	return a.fault(resp, f)
}

// status reports an error of which the status is known, and perhaps what its body says.
func (a *answer) status(resp *exchange.Response, body []byte) exchange.Verdict {
	message := fmt.Sprintf("Backend %q answered with status %d", a.target.backend.Name, resp.Status)
	if words := canon.Words(body); words != "" && !a.quotesSecret(body) {
		message += ": " + words
	}
	return exchange.Denied(resp.Status, reasonOf(resp.Status), strings.TrimRight(message, ".")+".")
}

func (a *answer) quotesSecret(text []byte) bool {
	for _, s := range a.plan.stage.secrets.Secrets(a.target.backend.Name) {
		if secret := s.Reveal(); secret != "" && bytes.Contains(text, []byte(secret)) {
			return true
		}
	}
	return false
}

// fault gives the client a provider's error in its own dialect.
func (a *answer) fault(resp *exchange.Response, f *canon.Fault) exchange.Verdict {
	body, status := dialect.ByName(a.ex.Dialect).EncodeFault(nil, f)
	v := exchange.Denied(status, reasonOf(status), f.Message)
	v.Body = body
	v.Retry = exchange.RetryAfter(resp.Headers, a.plan.stage.now())
	return v
}

func reasonOf(status int) exchange.Reason {
	switch {
	case status == 429:
		return exchange.ReasonProviderLimit
	case status >= 500:
		return exchange.ReasonProviderError
	}
	return exchange.ReasonProviderRefused
}

// unreadable refuses an answer that is not what its headers and its dialect
// promise, because passing it on would look like success.
func (a *answer) unreadable(resp *exchange.Response, err error) exchange.Verdict {
	resp.Failed = true
	why := err.Error()
	if f := (*canon.Fault)(nil); errors.As(err, &f) {
		why = f.What()
	}
	return exchange.Denied(502, exchange.ReasonUnprocessable,
		fmt.Sprintf("Backend %q answered %d with a body that cannot be read: %s.", a.target.backend.Name, resp.Status, why))
}
