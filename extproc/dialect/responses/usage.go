package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// readUsage reads a usage object into disjoint buckets: input_tokens includes what was read
// from and written to a cache, output_tokens what the model reasoned. If a server counts
// more of a part than of the whole, the part is clamped. A bucket is seen if the object
// counts the whole of it.
func readUsage(v scan.Value) (u canon.Usage) {
	if v.Kind() != scan.Object {
		return u
	}
	var c usageCounts
	for m := v.Fields(); m.Next(); {
		c.read(string(m.Key()), m.Value())
	}
	u.Charge = c.charges.Charge()
	if c.hasInput {
		left := c.input
		u.CacheRead = take(&left, c.cached)
		u.CacheWrite1h = take(&left, min(c.writtenHour, c.written))
		u.CacheWrite5m = take(&left, c.written-u.CacheWrite1h)
		u.Input = left
		u.Seen |= canon.BucketInput | canon.BucketCacheRead | canon.BucketCacheWrite5m | canon.BucketCacheWrite1h
	}
	if c.hasOutput {
		left := c.output
		u.Reasoning = take(&left, c.reasoning)
		u.Output = left
		u.Seen |= canon.BucketOutput | canon.BucketReasoning
	}
	return u
}

// usageCounts are the numbers of a usage object.
type usageCounts struct {
	input, output                int64
	hasInput, hasOutput          bool
	cached, written, writtenHour int64
	reasoning                    int64
	charges                      canon.Charges
}

func (c *usageCounts) read(name string, v scan.Value) {
	switch name {
	case "input_tokens":
		c.input, c.hasInput = canon.Count(v)
	case "output_tokens":
		c.output, c.hasOutput = canon.Count(v)
	case "input_tokens_details", "output_tokens_details":
		for m := v.Fields(); m.Next(); {
			n, _ := canon.Count(m.Value())
			c.detail(string(m.Key()), n)
		}
	default:
		c.charges.Read(name, v)
	}
}

func (c *usageCounts) detail(name string, n int64) {
	switch name {
	case "cached_tokens":
		c.cached = n
	case "cache_write_tokens":
		c.written = n
	case "cache_write_1h_tokens":
		c.writtenHour = n
	case "reasoning_tokens":
		c.reasoning = n
	}
}

// take moves n tokens, or what there is, out of left.
func take(left *int64, n int64) int64 {
	n = max(0, min(n, *left))
	*left -= n
	return n
}
