package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// readUsageInto reads OpenAI's usage object into disjoint buckets: prompt_tokens
// includes cached and audio tokens, completion_tokens reasoning and audio. If
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
