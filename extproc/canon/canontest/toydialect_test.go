package canontest_test

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// toy is a dialect of servers that take OpenAI's requests and answer in words of their
// own:
//
//	{"id":"1","model":"m","say":[{"text":"Hi"},{"call":"c1","name":"f","args":"{}"}],"end":"stop","used":{"in":1,"out":2}}
//
// A stream says the same piece by piece, and {"over":true} at the end of a whole answer.
type toy struct{ openai.Dialect }

func (toy) Name() string { return "toy" }

// Members of whatever a toy says: an answer, one of the things in its list, an event.
const (
	id = iota
	model
	say
	end
	hit
	used
	problem
	message
	over
	text
	refusal
	thinking
	signature
	secret
	call
	name
	args
	members
)

var names = []string{"id", "model", "say", "end", "hit", "used", "problem", "message", "over",
	"text", "refusal", "thinking", "signature", "secret", "call", "name", "args"}

type words [members]scan.Value

func read(m scan.Members) (w words, err error) {
	_, err = canon.Pick(m, names, w[:], nil)
	return w, err
}

var ends = map[string]canon.Finish{"stop": canon.FinishStop, "hit": canon.FinishStopSequence, "length": canon.FinishLength,
	"call": canon.FinishToolCalls, "refused": canon.FinishRefusal}

func endOf(w *words) canon.Finish { return ends[string(canon.Inside(w[end]))] }

func wordOf(f canon.Finish) string {
	for word, finish := range ends {
		if f == finish {
			return word
		}
	}
	return "stop"
}

var buckets = []string{"in", "cached", "written", "written_hour", "out", "thinking"}

func usageOf(v scan.Value) (u canon.Usage) {
	var n [6]scan.Value
	if _, err := canon.Pick(v.Fields(), buckets, n[:], nil); err != nil || v.Kind() != scan.Object {
		return u
	}
	for i, to := range []*int64{&u.Input, &u.CacheRead, &u.CacheWrite5m, &u.CacheWrite1h, &u.Output, &u.Reasoning} {
		*to, _ = n[i].Int()
	}
	u.Seen = canon.BucketInput | canon.BucketCacheRead | canon.BucketCacheWrite5m | canon.BucketCacheWrite1h | canon.BucketOutput | canon.BucketReasoning
	return u
}

func appendUsage(b []byte, u *canon.Usage) []byte {
	b = append(b, '{')
	for i, n := range []int64{u.Input + u.AudioInput, u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.Output + u.AudioOutput, u.Reasoning} {
		b = strconv.AppendInt(canon.AppendKey(b, buckets[i]), n, 10)
	}
	return append(b, '}')
}

// DecodeAnswer implements dialect.Backend.
func (toy) DecodeAnswer(body []byte) (*canon.Response, error) {
	w, err := read(scan.Document(body))
	switch {
	case err != nil:
		return nil, canon.Malformed(err.Error())
	case w[problem] != nil:
		return nil, faultOf(0, &w)
	case w[say].Kind() != scan.Array:
		return nil, canon.Malformed("it says nothing")
	}
	c := canon.Choice{Finish: endOf(&w), StopHit: w[hit], Parts: make([]canon.Part, 0, 4)}
	for e := w[say].Elements(); e.Next(); {
		part, err := read(e.Value().Fields())
		if err != nil {
			return nil, canon.Malformed(err.Error())
		}
		c.Parts = append(c.Parts, partOf(&part))
	}
	return &canon.Response{Dialect: "toy", ID: w[id], Model: w[model], Choices: []canon.Choice{c}, Usage: usageOf(w[used])}, nil
}

func partOf(w *words) canon.Part {
	switch {
	case w[refusal] != nil:
		return canon.Part{Kind: canon.Refusal, Text: w[refusal]}
	case w[thinking] != nil:
		return canon.Part{Kind: canon.Thinking, Text: w[thinking], Signature: w[signature]}
	case w[secret] != nil:
		return canon.Part{Kind: canon.Redacted, Text: w[secret]}
	case w[call] != nil:
		return canon.Part{Kind: canon.ToolCall, ID: w[call], Name: w[name], Args: w[args]}
	}
	return canon.Part{Kind: canon.Text, Text: w[text]}
}

// EncodeAnswer implements dialect.Client.
func (toy) EncodeAnswer(b []byte, r *canon.Response, _ canon.Client) []byte {
	var c canon.Choice
	if len(r.Choices) > 0 {
		c = r.Choices[0]
	}
	b = canon.AppendRaw(append(b, '{'), names[id], r.ID)
	b = append(canon.AppendKey(canon.AppendRaw(b, names[model], r.Model), names[say]), '[')
	for i := range c.Parts {
		b = appendPart(append(canon.AppendComma(b), '{'), &c.Parts[i])
		b = append(b, '}')
	}
	b = appendEnd(append(b, ']'), c.Finish, c.StopHit)
	return append(appendUsage(canon.AppendKey(b, names[used]), &r.Usage), '}')
}

func appendPart(b []byte, p *canon.Part) []byte {
	switch p.Kind {
	case canon.Text:
		return canon.AppendRaw(b, names[text], p.Text)
	case canon.Refusal:
		return canon.AppendRaw(b, names[refusal], p.Text)
	case canon.Thinking:
		return canon.AppendRaw(canon.AppendRaw(b, names[thinking], p.Text), names[signature], p.Signature)
	case canon.Redacted:
		return canon.AppendRaw(b, names[secret], p.Text)
	case canon.ToolCall:
		b = canon.AppendRaw(canon.AppendRaw(b, names[call], p.ID), names[name], p.Name)
		return canon.AppendText(canon.AppendKey(b, names[args]), p.Args)
	default:
		return b
	}
}

func appendEnd(b []byte, f canon.Finish, stop scan.Value) []byte {
	b = scan.AppendString(canon.AppendKey(b, names[end]), wordOf(f))
	return canon.AppendRaw(b, names[hit], stop)
}

func faultOf(status int, w *words) *canon.Fault {
	f := &canon.Fault{Kind: canon.FaultKind(canon.Str(w[problem])), Status: status, Message: canon.Str(w[message])}
	if f.Kind == "" {
		f.Kind = canon.KindOf(status)
	}
	if f.Status == 0 {
		f.Status = f.Kind.Status()
	}
	if f.Message == "" {
		f.Message = "The provider answered with status " + strconv.Itoa(f.Status) + "."
	}
	return f
}

// DecodeFault implements dialect.Backend.
func (toy) DecodeFault(status int, body []byte) *canon.Fault {
	w, err := read(scan.Document(body))
	if err != nil {
		w = words{}
	}
	return faultOf(status, &w)
}

// EncodeFault implements dialect.Client.
func (toy) EncodeFault(b []byte, f *canon.Fault) ([]byte, int) {
	status := f.Kind.Status()
	if f.Status >= 400 && f.Status < 600 {
		status = f.Status
	}
	b = scan.AppendString(append(b, `{"problem":`...), string(f.Kind))
	return append(scan.AppendString(append(b, `,"message":`...), f.Message), '}'), status
}

// Mend implements dialect.Native.
func (toy) Mend(body []byte, _ *canon.Target) ([]byte, canon.Dropped, bool) { return body, nil, false }

// MayRefuse implements dialect.Native.
func (toy) MayRefuse([]byte, *canon.Target) bool { return false }

// Scattered implements dialect.Native.
func (toy) Scattered([]byte, *canon.Target) bool { return false }

// ReadResponse implements dialect.Native.
func (d toy) ReadResponse(_ exchange.Operation, resp *exchange.Response, u *canon.Usage) error {
	r, err := d.DecodeAnswer(resp.Body)
	if err != nil {
		return err
	}
	resp.ID, resp.Model = canon.Str(r.ID), canon.Str(r.Model)
	u.Replace(&r.Usage, canon.UsageProvider)
	return nil
}
