package responses

import (
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// The states of a response.
const (
	statusQueued     = "queued"
	statusInProgress = "in_progress"
	statusCompleted  = "completed"
	statusIncomplete = "incomplete"
	statusFailed     = "failed"
	statusCancelled  = "cancelled"
)

// answer takes note of what the model says to a request.
func (q *request) answer(t *wire.Turn, a *wire.Answer) {
	q.given, q.do, q.id, q.created = a, t.Do, a.ID, a.Created
	q.place = func(prefix string, place int) string { return itemID(t, prefix, place) }
	q.status = q.ending()
	q.items = q.outputs(&a.Choices[0])
}

// ending returns the state of a response that has ended. A scripted finish reason may have
// the name that it has in either of OpenAI's dialects.
func (q *request) ending() string {
	switch q.do.Finish {
	case "content_filter", "length", "max_output_tokens":
		return statusIncomplete
	case "":
		if q.given.Choices[0].End == wire.EndLength {
			return statusIncomplete
		}
	case statusFailed:
		return statusFailed
	}
	return statusCompleted
}

// why returns why a response is not complete.
func (q *request) why() string {
	if q.do.Finish == "content_filter" {
		return "content_filter"
	}
	return "max_output_tokens"
}

// render renders the response in a state.
func (q *request) render(status string) []byte { return q.appendResponse(nil, status) }

func (q *request) appendResponse(b []byte, status string) []byte {
	b = append(append(append(b, `{"id":"`...), q.id...), `","object":"response","created_at":`...)
	b = strconv.AppendInt(b, q.created, 10)
	b = append(append(append(b, `,"status":"`...), status...), `","background":`...)
	b = strconv.AppendBool(b, q.background)
	b = append(b, `,"access_programs":null,"completed_at":`...)
	if status == statusCompleted {
		b = strconv.AppendInt(b, q.created, 10)
	} else {
		b = append(b, "null"...)
	}
	b = q.appendFault(b, status)
	if q.conversation != "" {
		b = append(scan.AppendString(append(b, `,"conversation":{"id":`...), q.conversation), '}')
	}
	for _, p := range [...][2]string{{"instructions", "null"}, {"max_output_tokens", "null"}, {"max_tool_calls", "null"}} {
		b = append(append(b, `,"`+p[0]+`":`...), q.f.or(p[0], p[1])...)
	}
	b = scan.AppendString(append(b, `,"model":`...), q.given.Model)
	b = q.appendOutput(append(b, `,"output":`...), status)
	b = q.appendSettings(b, status)
	b = append(b, `,"usage":`...)
	if q.do.NoUsage || status != q.status {
		b = append(b, "null"...)
	} else {
		b = appendUsage(b, &q.given.Usage)
	}
	b = append(append(b, `,"user":`...), q.f.or("user", "null")...)
	return append(append(append(b, `,"metadata":`...), q.f.or("metadata", "{}")...), '}')
}

// appendFault appends why a response failed or is not complete.
func (q *request) appendFault(b []byte, status string) []byte {
	b = append(b, `,"error":`...)
	switch {
	case status != statusFailed:
		b = append(b, "null"...)
	case q.fault == nil:
		b = append(b, `{"code":"server_error","message":"The model produced invalid content."}`...)
	default:
		b = scan.AppendString(append(b, `{"code":`...), failureCode(q.fault))
		b = append(scan.AppendString(append(b, `,"message":`...), q.fault.Message), '}')
	}
	b = append(b, `,"incomplete_details":`...)
	if status != statusIncomplete {
		return append(b, "null"...)
	}
	return append(append(append(b, `{"reason":"`...), q.why()...), `"}`...)
}

// appendOutput appends the items of a response, which has some once it has ended.
func (q *request) appendOutput(b []byte, status string) []byte {
	b = append(b, '[')
	for i := range q.items {
		if status != statusCompleted && status != statusIncomplete {
			break
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = q.appendItem(b, &q.items[i], true)
	}
	return append(b, ']')
}

// echoed are parameters that the response repeats, and what they are if they are not given.
var echoed = [...][2]string{
	{"parallel_tool_calls", "true"}, {"previous_response_id", "null"}, {"prompt", "null"}, {"prompt_cache_key", "null"},
	{"prompt_cache_retention", "null"}, {"safety_identifier", "null"}, {"store", "true"}, {"temperature", "1.0"},
	{"tool_choice", `"auto"`}, {"top_logprobs", "0"}, {"top_p", "1.0"}, {"truncation", `"disabled"`},
}

func (q *request) appendSettings(b []byte, status string) []byte {
	for _, p := range echoed {
		b = append(append(b, `,"`+p[0]+`":`...), q.f.or(p[0], p[1])...)
	}
	b = wire.AppendNullable(append(b, `,"reasoning":{"effort":`...), q.effort)
	b = wire.AppendNullable(append(b, `,"summary":`...), q.summary())
	b = append(append(append(b, `},"service_tier":"`...), q.tier(status)...), `","text":{"format":`...)
	format := `{"type":"text"}`
	if v := q.f["text"].Get("format"); wire.Given(v) {
		format = string(v)
	}
	verbosity := `"medium"`
	if v := q.f["text"].Get("verbosity"); wire.Given(v) {
		verbosity = string(v)
	}
	b = append(append(append(b, format...), `,"verbosity":`...), verbosity...)
	return append(append(b, `},"tools":`...), q.tools...)
}

// summary returns the form of a summary that was asked for. Which one auto means the provider
// says.
func (q *request) summary() string {
	v := q.f["reasoning"]
	if asked := wire.Str(v.Get("summary")) + wire.Str(v.Get("generate_summary")); asked != "auto" {
		return asked
	}
	return "detailed"
}

// tier returns how a request is served, which is said once it was.
func (q *request) tier(status string) string {
	asked := q.f.text("service_tier")
	switch {
	case asked == "fast":
		return "priority"
	case asked != "" && asked != "auto":
		return asked
	case status == q.status:
		return "default"
	default:
		return "auto"
	}
}

func appendUsage(b []byte, u *wire.Usage) []byte {
	in, out := u.TotalInput(), u.TotalOutput()
	b = wire.AppendCount(b, `{"input_tokens":`, in)
	b = wire.AppendCount(b, `,"input_tokens_details":{"cache_write_tokens":`, u.CacheWrite5m)
	b = wire.AppendCount(b, `,"cached_tokens":`, u.CacheRead)
	b = wire.AppendCount(b, `},"output_tokens":`, out)
	b = wire.AppendCount(b, `,"output_tokens_details":{"reasoning_tokens":`, u.Reasoning)
	return append(wire.AppendCount(b, `},"total_tokens":`, in+out), '}')
}
