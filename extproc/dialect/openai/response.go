package openai

import (
	"errors"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Members of an answer.
const (
	respID = iota
	respObject
	respCreated
	respModel
	respChoices
	respUsage
	respTier
	respError
	respMembers
)

var responseMembers = []string{"id", "object", "created", "model", "choices", "usage", "service_tier", "error"}

// Members of a choice.
const (
	choiceIndex = iota
	choiceMessage
	choiceFinish
	choiceLogprobs
	choiceMembers
)

var choiceNames = []string{"index", "message", "finish_reason", "logprobs"}

var errNoAnswer = errors.New("no choices")

// DecodeResponse reads a chat completion. What it returns aliases body. The
// error is a *canon.Fault where the body tells of one, or of an answer that the
// provider broke off, or cannot be read.
func DecodeResponse(body []byte) (*canon.Response, error) {
	var f [respMembers]scan.Value
	extra, err := canon.Pick(scan.Document(body), responseMembers, f[:], nil)
	if err != nil {
		return nil, canon.Malformed(err.Error())
	}
	if f[respError] != nil {
		return nil, readFault(0, f[respError])
	}
	r := &canon.Response{Dialect: "openai", ID: f[respID], Model: f[respModel], ServiceTier: f[respTier], RawUsage: f[respUsage], Extra: extra}
	r.Created, _ = f[respCreated].Int()
	readUsageInto(f[respUsage], &r.Usage)
	r.Usage.Tier = canon.Str(f[respTier])
	if f[respChoices].Kind() != scan.Array {
		return nil, canon.Malformed(errNoAnswer.Error())
	}
	r.Choices = make([]canon.Choice, 0, 1)
	d := decoder{parts: make([]canon.Part, 0, 4)}
	e := f[respChoices].Elements()
	for e.Next() {
		c, err := d.answer(e.Value())
		if err != nil {
			return nil, canon.Malformed(err.Error())
		}
		if c.Finish == canon.FinishError {
			return nil, brokeOff(c.RawFinish)
		}
		r.Choices = append(r.Choices, c)
	}
	if len(r.Choices) == 0 {
		return nil, canon.Malformed(errNoAnswer.Error())
	}
	return r, nil
}

func brokeOff(reason scan.Value) *canon.Fault {
	return &canon.Fault{Kind: canon.FaultServer, Status: 502, Code: canon.Str(reason), Message: "The provider broke off its answer."}
}

func (d *decoder) answer(v scan.Value) (canon.Choice, error) {
	var c canon.Choice
	var f [choiceMembers]scan.Value
	var err error
	if c.Extra, err = canon.Pick(v.Fields(), choiceNames, f[:], nil); err != nil {
		return c, err
	}
	n, _ := f[choiceIndex].Int()
	c.Index, c.RawFinish, c.Logprobs = int(n), f[choiceFinish], f[choiceLogprobs]
	c.Finish = finishOf(c.RawFinish)
	var m [msgMembers]scan.Value
	if c.Message, err = canon.Pick(f[choiceMessage].Fields(), messageMembers, m[:], nil); err != nil {
		return c, err
	}
	start := len(d.parts)
	err = d.body(&m, 0)
	c.Parts = d.since(start)
	return c, err
}

// finishOf reads a finish_reason, those of compatible servers included.
func finishOf(v scan.Value) canon.Finish {
	switch string(canon.Inside(v)) {
	case "":
		return canon.FinishUnset
	case "stop":
		return canon.FinishStop
	case "length", "model_length":
		return canon.FinishLength
	case "tool_calls", "function_call":
		return canon.FinishToolCalls
	case "content_filter":
		return canon.FinishRefusal
	case "error", "insufficient_system_resource":
		return canon.FinishError
	}
	return canon.FinishOther
}

// finishWord is the finish_reason for an ending. OpenAI's own SDKs know these
// words and no others.
func finishWord(f canon.Finish) string {
	switch f {
	case canon.FinishLength, canon.FinishContextWindow:
		return "length"
	case canon.FinishToolCalls:
		return "tool_calls"
	case canon.FinishRefusal:
		return "content_filter"
	}
	return "stop"
}

// readUsageInto reads OpenAI's usage object into disjoint buckets: prompt_tokens
// includes cached and audio tokens, completion_tokens reasoning and audio. Where
// a server counts more of a part than of the whole, the part is clamped. What
// the object does not report stays as it was.
func readUsageInto(v scan.Value, u *canon.Usage) {
	if v.Kind() != scan.Object {
		return
	}
	var c usageCounts
	m := v.Fields()
	for m.Next() {
		c.read(string(m.Key()), m.Value())
	}
	s := c.snapshot()
	u.Overwrite(&s)
}

// usageCounts are the numbers of a usage object; -1: absent.
type usageCounts struct {
	prompt, completion           int64
	hasPrompt, hasCompletion     bool
	cached, written, writtenHour int64
	audioIn, audioOut, reasoning int64
}

func (c *usageCounts) read(name string, v scan.Value) {
	switch name {
	case "prompt_tokens":
		c.prompt, c.hasPrompt = tokens(v)
	case "completion_tokens":
		c.completion, c.hasCompletion = tokens(v)
	case "prompt_cache_hit_tokens": // DeepSeek
		n, _ := tokens(v)
		c.cached = max(c.cached, n)
	case "prompt_tokens_details", "completion_tokens_details":
		m := v.Fields()
		for m.Next() {
			n, _ := tokens(m.Value())
			c.detail(name, string(m.Key()), n)
		}
	}
}

func (c *usageCounts) detail(of, name string, n int64) {
	switch name {
	case "cached_tokens":
		c.cached = max(c.cached, n)
	case "cache_write_tokens", "cache_creation_tokens":
		c.written = max(c.written, n)
	case "cache_write_1h_tokens":
		c.writtenHour = n
	case "reasoning_tokens":
		c.reasoning = n
	case "audio_tokens":
		if of == "prompt_tokens_details" {
			c.audioIn = n
		} else {
			c.audioOut = n
		}
	}
}

func (c *usageCounts) snapshot() canon.Usage {
	var u canon.Usage
	if c.hasPrompt {
		left := c.prompt
		u.CacheRead = take(&left, c.cached)
		u.CacheWrite1h = take(&left, min(c.writtenHour, c.written))
		u.CacheWrite5m = take(&left, c.written-u.CacheWrite1h)
		u.AudioInput = take(&left, c.audioIn)
		u.Input = left
		u.Seen |= canon.BucketInput | canon.BucketCacheRead | canon.BucketCacheWrite5m | canon.BucketCacheWrite1h | canon.BucketAudioInput
	}
	if c.hasCompletion {
		left := c.completion
		u.Reasoning = take(&left, c.reasoning)
		u.AudioOutput = take(&left, c.audioOut)
		u.Output = left
		u.Seen |= canon.BucketOutput | canon.BucketReasoning | canon.BucketAudioOutput
	}
	return u
}

// take moves n tokens, or what there is, out of left.
func take(left *int64, n int64) int64 {
	n = max(0, min(n, *left))
	*left -= n
	return n
}

func tokens(v scan.Value) (int64, bool) {
	n, ok := v.Int()
	return max(n, 0), ok
}
