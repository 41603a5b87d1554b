package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// readUsageInto reads OpenAI's usage object into disjoint buckets: prompt_tokens
// includes cached and audio tokens, completion_tokens reasoning and audio. Some
// imitators count parts beside the whole, which total_tokens shows. If a server counts
// more of a part than of the whole, the part is clamped. What the object does not report
// stays as it was.
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

// usageCounts are the numbers of a usage object.
type usageCounts struct {
	prompt, completion, total    int64
	hasPrompt, hasCompletion     bool
	cached, written, writtenHour int64
	audioIn, audioOut, reasoning int64
	charges                      canon.Charges
}

func (c *usageCounts) read(name string, v scan.Value) {
	switch name {
	case "prompt_tokens":
		c.prompt, c.hasPrompt = canon.Count(v)
	case "completion_tokens":
		c.completion, c.hasCompletion = canon.Count(v)
	case "total_tokens":
		c.total, _ = canon.Count(v)
	case "prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens": // DeepSeek; Moonshot; LiteLLM and DashScope
		n, _ := canon.Count(v)
		c.cached = max(c.cached, n)
	case "cache_creation_input_tokens": // LiteLLM and DashScope
		n, _ := canon.Count(v)
		c.written = max(c.written, n)
	case "prompt_tokens_details", "completion_tokens_details":
		m := v.Fields()
		for m.Next() {
			n, _ := canon.Count(m.Value())
			c.detail(name, string(m.Key()), n)
		}
	default:
		c.charges.Read(name, v)
	}
}

func (c *usageCounts) detail(of, name string, n int64) {
	switch name {
	case "cached_tokens":
		c.cached = max(c.cached, n)
	case "cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens":
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
	u := canon.Usage{Charge: c.charges.Charge()}
	c.addBeside()
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

// addBeside adds what a server counts beside prompt_tokens and completion_tokens, and in
// total_tokens alone: the parts that are missing there to the token, and else output,
// such as reasoning of which it says no number.
func (c *usageCounts) addBeside() {
	missing := c.total - c.prompt - c.completion
	if !c.hasPrompt || missing <= 0 {
		return
	}
	input := [...]int64{0, c.audioIn, c.cached + c.written}
	for _, reasoning := range [...]int64{c.reasoning, 0} {
		for _, n := range input {
			if n+reasoning == missing {
				c.prompt, c.completion = c.prompt+n, c.completion+reasoning
				c.hasCompletion = c.hasCompletion || reasoning > 0
				return
			}
		}
	}
	c.completion, c.hasCompletion = c.completion+missing, true
}

// take moves n tokens, or what there is, out of left.
func take(left *int64, n int64) int64 {
	n = max(0, min(n, *left))
	*left -= n
	return n
}
