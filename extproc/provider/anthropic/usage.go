package anthropic

import (
	"errors"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/scan"
)

var errNotMessage = errors.New("the answer is neither a message nor an error")

// ReadResponse reads id, model and usage of a JSON answer, or how long it is where
// it reports none. Counting tokens costs nothing and leaves no usage.
func (Dialect) ReadResponse(op exchange.Operation, resp *exchange.Response, usage *exchange.Usage) error {
	var c counts
	m := scan.Document(resp.Body)
	whole, used := false, false
	for m.Next() {
		switch string(m.Key()) {
		case "id":
			resp.ID = str(m.Value())
		case "model":
			resp.Model = str(m.Value())
		case "type":
			whole = true
			resp.Failed = resp.Failed || string(m.Value()) == `"error"`
		case "input_tokens":
			whole = true
		case "usage":
			used = c.read(m.Value())
		}
	}
	if err := m.Err(); err != nil {
		return err
	}
	if !whole {
		return errNotMessage
	}
	switch {
	case op != exchange.Chat:
	case used:
		c.fill(usage)
	default:
		resp.Seen = scan.TextBytes(resp.Body, textNames)
	}
	return nil
}

func str(v scan.Value) string {
	s, _ := v.Str()
	return string(s)
}

// counts are the numbers as Anthropic reports them: input_tokens excludes cached
// ones, output_tokens includes thinking. Each keeps its last reported value: a
// stream reports snapshots, and leaves out what it reported before.
type counts struct {
	input, cached, written int64
	fiveMinutes, oneHour   int64
	split                  bool // the two lifetimes of cache writes were told apart
	output, thinking       int64
	reported               bool // one number at least
}

// read takes a usage object and returns false where nothing was reported yet.
func (c *counts) read(v scan.Value) bool {
	f := v.Fields()
	for f.Next() {
		switch string(f.Key()) {
		case "input_tokens":
			c.set(&c.input, f.Value())
		case "cache_read_input_tokens":
			c.set(&c.cached, f.Value())
		case "cache_creation_input_tokens":
			c.set(&c.written, f.Value())
		case "output_tokens":
			c.set(&c.output, f.Value())
		case "output_tokens_details":
			c.set(&c.thinking, f.Value().Get("thinking_tokens"))
		case "cache_creation":
			if f.Value().Kind() == scan.Object {
				c.split = true
				c.set(&c.fiveMinutes, f.Value().Get("ephemeral_5m_input_tokens"))
				c.set(&c.oneHour, f.Value().Get("ephemeral_1h_input_tokens"))
			}
		}
	}
	return c.reported
}

func (c *counts) set(to *int64, v scan.Value) {
	if n, ok := v.Int(); ok && n >= 0 {
		*to, c.reported = n, true
	}
}

// fill writes disjoint buckets. The lifetimes split what was written to the
// cache; what they leave over counts as five minutes, the default lifetime.
func (c *counts) fill(u *exchange.Usage) {
	five, hour := c.written, int64(0)
	if c.split {
		hour = c.oneHour
		five = max(c.written-hour, c.fiveMinutes)
	}
	thinking := min(c.thinking, c.output)
	*u = exchange.Usage{
		Input:        c.input,
		CacheRead:    c.cached,
		CacheWrite5m: five,
		CacheWrite1h: hour,
		Output:       c.output - thinking,
		Reasoning:    thinking,
		Source:       exchange.UsageProvider,
	}
}
