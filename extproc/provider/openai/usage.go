package openai

import (
	"errors"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/scan"
)

var errNotObject = errors.New("the answer carries neither a result nor an error")

// ReadResponse reads id, model and usage of a JSON answer.
func (Dialect) ReadResponse(op exchange.Operation, resp *exchange.Response, usage *exchange.Usage) error {
	m := scan.Document(resp.Body)
	whole := false
	for m.Next() {
		switch string(m.Key()) {
		case "id":
			resp.ID = str(m.Value())
		case "model":
			resp.Model = str(m.Value())
		case "usage":
			readUsage(m.Value(), usage)
		case "choices", "data", "object":
			whole = true
		case "error":
			whole = whole || m.Value().Kind() != scan.Null
		}
	}
	if err := m.Err(); err != nil {
		return err
	}
	if !whole {
		return errNotObject
	}
	return nil
}

func str(v scan.Value) string {
	s, _ := v.Str()
	return string(s)
}

// readUsage reads OpenAI's usage object into disjoint buckets: prompt_tokens
// includes cached and audio tokens, completion_tokens includes reasoning and
// audio tokens. A null or missing object leaves what was seen before. DeepSeek
// and older servers report cached tokens beside prompt_tokens; some servers
// count more reasoning than completion, which is clamped.
func readUsage(v scan.Value, u *exchange.Usage) {
	if v.Kind() != scan.Object {
		return
	}
	var c counts
	f := v.Fields()
	for f.Next() {
		c.read(string(f.Key()), f.Value())
	}
	c.cached = min(c.cached, c.prompt)
	c.written = min(c.written, c.prompt-c.cached)
	c.audioIn = min(c.audioIn, c.prompt-c.cached-c.written)
	c.reasoning = min(c.reasoning, c.completion)
	c.audioOut = min(c.audioOut, c.completion-c.reasoning)
	*u = exchange.Usage{
		Input:        c.prompt - c.cached - c.written - c.audioIn,
		CacheRead:    c.cached,
		CacheWrite5m: c.written,
		AudioInput:   c.audioIn,
		Output:       c.completion - c.reasoning - c.audioOut,
		Reasoning:    c.reasoning,
		AudioOutput:  c.audioOut,
		Source:       exchange.UsageProvider,
	}
}

// counts are the numbers as OpenAI reports them, parts within their totals.
type counts struct {
	prompt, cached, written, audioIn int64
	completion, reasoning, audioOut  int64
}

func (c *counts) read(key string, v scan.Value) {
	switch key {
	case "prompt_tokens":
		c.prompt = count(v)
	case "completion_tokens":
		c.completion = count(v)
	case "prompt_cache_hit_tokens":
		c.cached = max(c.cached, count(v))
	case "prompt_tokens_details":
		f := v.Fields()
		for f.Next() {
			switch string(f.Key()) {
			case "cached_tokens":
				c.cached = max(c.cached, count(f.Value()))
			case "cache_write_tokens", "cache_creation_tokens":
				c.written = max(c.written, count(f.Value()))
			case "audio_tokens":
				c.audioIn = count(f.Value())
			}
		}
	case "completion_tokens_details":
		f := v.Fields()
		for f.Next() {
			switch string(f.Key()) {
			case "reasoning_tokens":
				c.reasoning = count(f.Value())
			case "audio_tokens":
				c.audioOut = count(f.Value())
			}
		}
	}
}

// count reads a number of tokens; anything but a non-negative integer is 0.
func count(v scan.Value) int64 {
	n, _ := v.Int()
	return max(n, 0)
}
