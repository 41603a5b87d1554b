package responses

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// idPrefix begins the ids of answers.
const idPrefix = "resp_"

// EncodeAnswer appends an answer as a response to dst. Of several choices the first counts.
func (Dialect) EncodeAnswer(dst []byte, r *canon.Response, c canon.Client) []byte {
	c.Own = r.Dialect == name
	w := answerWriter{b: appendHead(dst, r.ID, r.Model, r.Created, &c), client: client{c, r.ID}, same: c.Own, status: completed}
	choice := canon.Choice{}
	if len(r.Choices) > 0 {
		choice = r.Choices[0]
	}
	end := endOf(choice.Finish, false)
	if w.same && choice.RawFinish != nil {
		end.reason = choice.RawFinish
	}
	w.b = end.append(w.b)
	w.b = append(w.b, `,"output":[`...)
	w.parts(choice.Parts, end.status)
	w.b = append(w.b, ']')
	if w.same {
		w.b = appendOr(w.b, "usage", r.RawUsage, "null")
		w.b = canon.AppendRaw(w.b, "service_tier", r.ServiceTier)
		return append(canon.AppendMembers(w.b, r.Extra), '}')
	}
	w.b = appendUsage(canon.AppendKey(w.b, "usage"), &r.Usage)
	return append(appendEcho(w.b, c.Request), '}')
}

// appendHead appends the beginning of a response.
func appendHead(dst []byte, id, model scan.Value, created int64, c *canon.Client) []byte {
	if created == 0 {
		created = c.Created
	}
	dst = c.AppendAnswerID(append(dst, `{"id":`...), id, idPrefix)
	dst = strconv.AppendInt(append(dst, `,"object":"response","created_at":`...), created, 10)
	return c.AppendModel(append(dst, `,"model":`...), model)
}

// The statuses of responses and items that this package writes.
const (
	inProgress = "in_progress"
	completed  = "completed"
	incomplete = "incomplete"
	failed     = "failed"
)

// ending is how a response ended.
type ending struct {
	status string
	reason scan.Value // why it is incomplete
}

// endOf returns how an answer ends that says so. A refusal in words is whole.
func endOf(f canon.Finish, refused bool) ending {
	switch {
	case f == canon.FinishLength || f == canon.FinishContextWindow:
		return ending{incomplete, scan.Value(`"max_output_tokens"`)}
	case f == canon.FinishRefusal && !refused:
		return ending{incomplete, scan.Value(`"content_filter"`)}
	}
	return ending{status: completed}
}

func (e *ending) append(dst []byte) []byte {
	dst = append(append(dst, `,"status":"`...), e.status...)
	dst = append(dst, `","error":null,"incomplete_details":`...)
	if e.status != incomplete {
		return append(dst, "null"...)
	}
	return append(append(append(dst, `{"reason":`...), e.reason...), '}')
}

// appendUsage writes a usage as OpenAI counts: input_tokens with what was read from and
// written to a cache. What was written stands in cache_write_tokens, and
// cache_write_1h_tokens is the part of it that is kept for an hour.
func appendUsage(b []byte, u *canon.Usage) []byte {
	if u.Seen == 0 {
		return append(b, "null"...)
	}
	in, out := u.TotalInput(), u.TotalOutput()
	b = strconv.AppendInt(append(b, `{"input_tokens":`...), in, 10)
	b = strconv.AppendInt(append(b, `,"input_tokens_details":{"cached_tokens":`...), u.CacheRead, 10)
	b = strconv.AppendInt(append(b, `,"cache_write_tokens":`...), u.CacheWrite5m+u.CacheWrite1h, 10)
	if n := u.CacheWrite1h; n > 0 {
		b = strconv.AppendInt(append(b, `,"cache_write_1h_tokens":`...), n, 10)
	}
	b = strconv.AppendInt(append(b, `},"output_tokens":`...), out, 10)
	b = strconv.AppendInt(append(b, `,"output_tokens_details":{"reasoning_tokens":`...), u.Reasoning, 10)
	b = strconv.AppendInt(append(b, `},"total_tokens":`...), in+out, 10)
	return append(b, '}')
}
