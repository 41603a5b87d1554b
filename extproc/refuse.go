package extproc

import (
	"context"
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/meter"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/price"
)

// refuse ends the exchange with an error in the client's dialect, which goes up through
// the stages above the one that refused.
func (r *run) refuse(ctx context.Context, v exchange.Verdict, below int) error {
	resp := &r.ex.Response
	r.ex.Refused = v
	resp.Origin, resp.Status = exchange.FromGateway, v.Status
	resp.Out.SetHeader("content-type", "application/json")
	resp.Out.ReplaceBody(r.worded(&v))
	if err := r.up(ctx, below); err != nil {
		return err
	}
	switch {
	case r.ex.Refused.Action == exchange.Answer:
		r.immediate("answer", false)
	case r.ex.Replaced.Action == exchange.Deny:
		r.immediate(string(r.ex.Replaced.Reason), true)
	default:
		retryHeaders(resp, &v)
		r.immediate(string(v.Reason), true)
	}
	return nil
}

// give ends the exchange with the answer of a stage, which goes up through the stages
// above it.
func (r *run) give(ctx context.Context, v exchange.Verdict, below int) error {
	resp, ex := &r.ex.Response, &r.ex
	v.Status = 200
	ex.Refused = v
	resp.Origin, resp.Status, resp.Complete = exchange.FromStage, v.Status, true
	if v.Answer != nil {
		r.answer(&v)
	}
	if err := r.up(ctx, below); err != nil {
		return err
	}
	if ex.Replaced.Action == exchange.Deny {
		r.immediate(string(ex.Replaced.Reason), true)
		return nil
	}
	if !resp.Out.Replace { // no stage above gave another answer
		r.encode(v)
	}
	r.immediate("answer", false)
	return nil
}

// answer takes over the answer of a stage, which costs nothing.
func (r *run) answer(v *exchange.Verdict) {
	resp, ex := &r.ex.Response, &r.ex
	usage := &v.Answer.Usage
	if v.Kept != nil {
		resp.GiveAgain(v.Answer, v.Kept)
		usage = &v.Kept.Usage
		ex.Route.Backend, ex.Route.Provider, ex.Route.Serves, ex.Route.Written = "", "", "", "" // nobody was asked
	} else {
		resp.Give(v.Answer)
	}
	resp.ID, resp.Model = canon.Str(v.Answer.ID), canon.Str(v.Answer.Model)
	ex.Usage.Replace(usage, canon.UsageCached)
	if ex.Cost = (exchange.Cost{Priced: ex.Usage.Source != ""}); ex.Cost.Priced {
		resp.Out.SetHeader(meter.CostHeader, price.FormatNano(0))
	}
}

// encode writes the answer of a stage, or what others made of it, in the client's dialect.
func (r *run) encode(v exchange.Verdict) {
	resp := &r.ex.Response
	body, contentType := []byte(nil), "application/json"
	switch {
	case v.Answer != nil:
		answer, _ := resp.Canon() // was given, or read again as it was rewritten
		body, contentType = client.Whole(r.client, answer, &r.ex)
		resp.Stream = r.ex.Request.Stream
	case v.Count > 0:
		body = client.Count(r.client, v.Count)
	default:
		body = r.models(&v)
	}
	resp.Out.SetHeader("content-type", contentType)
	resp.Out.ReplaceBody(body)
}

// models writes the list of models that the client asks for, or the one.
func (r *run) models(v *exchange.Verdict) []byte {
	if r.ex.Request.Model == "" {
		return r.client.Models(v.Models, v.More)
	}
	return r.client.Model(v.Models[0])
}

// notRefused is the mark of an answer of Headgate's own that is no refusal.
const notRefused = "no"

// immediate has Envoy give the client the response as it stands. It is marked, so that
// Envoy does not dress it as a reply of its own.
func (r *run) immediate(why string, refused bool) {
	resp := &r.ex.Response
	r.named()
	r.sentImmediate = true
	if r.reply.status == 0 {
		r.reply.status = resp.Status
	}
	r.reply.deny, r.reply.details, r.reply.mutation = true, "headgate_"+why, &resp.Out
	mark := notRefused
	if refused {
		mark = why
	}
	r.identify(meta{policy.RefusedKey, mark})
}

// local answers a request for the gateway itself. It is no exchange: no visit sees it, and Envoy gives
// no account of it.
func (r *run) local(l *client.Local) {
	resp := &r.ex.Response
	if r.stopping && l.Name == client.Health {
		l = client.Stopping()
	}
	resp.Status = l.Status
	resp.Out.Set = append(resp.Out.Set, l.Headers...)
	resp.Out.ReplaceBody(l.Body)
	r.immediate(l.Name, false)
}

// unanswer takes back what the client did not get because it had left, or because Envoy
// had given up: its own account says how the exchange ended.
func (r *run) unanswer() {
	ex := &r.ex
	if ex.Refused.Action != exchange.Pass { // all of the response is Headgate's
		ex.Response, ex.Usage, ex.Cost = exchange.Response{}, canon.Usage{}, exchange.Cost{}
	}
	r.sentImmediate, ex.Refused, ex.Replaced = false, exchange.Verdict{}, exchange.Verdict{}
	ex.Response.Complete = false
}

// ofBody are headers that describe the body that came, or redirect the client. With
// them an error in its place could not be read, or would be skipped.
var ofBody = []string{"content-encoding", "content-language", "content-md5", "content-range", "digest", "etag", "location"}

// replace gives the client an error of Headgate's instead of what came.
func (r *run) replace(v exchange.Verdict) {
	resp := &r.ex.Response
	r.ex.Replaced = v
	r.reply.status = v.Status
	resp.Out.SetHeader("content-type", "application/json")
	resp.Out.Remove = append(resp.Out.Remove, ofBody...)
	resp.Out.ReplaceBody(r.worded(&v))
	retryHeaders(resp, &v)
}

// tooLong refuses an answer that came longer than the limit, or became longer, as it was unpacked or
// written anew, than what Envoy passes on: it would give the client an error of its own, and nobody
// here would know.
func (r *run) tooLong() {
	n, out := r.came, &r.ex.Response.Out
	if n <= r.pipeline.limit {
		if n = int64(len(out.Body)); !out.Replace || n <= policy.Room(r.pipeline.limit) {
			return
		}
	}
	r.replace(exchange.Denied(policy.AnswerTooLarge, exchange.ReasonAnswerTooLarge,
		fmt.Sprintf("The answer is %d bytes: this gateway passes on at most %d. Ask for less at once.", n, r.pipeline.limit)))
}

// worded is the body of a denial.
func (r *run) worded(v *exchange.Verdict) []byte {
	if v.Body != nil {
		return v.Body
	}
	return client.Refusal(r.client, v, r.ex.ID)
}

// instead gives the client the answer of a stage, or its count of tokens, instead of what came,
// even of an error.
func (r *run) instead(v exchange.Verdict) {
	resp := &r.ex.Response
	v.Status = 200
	r.ex.Replaced = exchange.Verdict{}
	if r.ex.Refused.Action != exchange.Pass {
		r.ex.Refused = v
	}
	resp.Give(v.Answer)
	resp.Origin, resp.Status, resp.Failed, resp.Translates = exchange.FromStage, v.Status, false, false
	r.reply.status = v.Status
	resp.Out.Remove = append(resp.Out.Remove, ofBody...)
	body, contentType := client.Count(r.client, v.Count), "application/json"
	if v.Answer != nil {
		body, contentType = client.Whole(r.client, v.Answer, &r.ex)
	}
	resp.Out.SetHeader("content-type", contentType)
	resp.Out.ReplaceBody(body)
}
