package anthropic

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// usage holds the last value seen of each number of Anthropic's usage object:
// snapshots overwrite, and a field that is absent leaves what was seen. The
// zero usage saw nothing.
type usage struct {
	input, cached, write, write5m, write1h, output, thinking, searches counted
	tier, speed, geo                                                   string
	iterations                                                         []iteration
	charges                                                            canon.Charges
}

// iteration is one run of a model for an answer, such as a round of the provider's own
// tools, the summary of what went before (compaction), or another model's advice.
type iteration struct {
	kind, model string
	usage       canon.Usage
}

type counted struct {
	n    int64
	seen bool
}

func (c *counted) set(v scan.Value) {
	if n, ok := canon.Count(v); ok {
		c.n, c.seen = n, true
	}
}

// read takes over what a usage object reports.
func (u *usage) read(v scan.Value) {
	m := v.Fields()
	for m.Next() {
		switch string(m.Key()) {
		case "input_tokens":
			u.input.set(m.Value())
		case "cache_read_input_tokens":
			u.cached.set(m.Value())
		case "cache_creation_input_tokens":
			u.write.set(m.Value())
		case "output_tokens":
			u.output.set(m.Value())
		case "cache_creation":
			u.write5m.set(m.Value().Get("ephemeral_5m_input_tokens"))
			u.write1h.set(m.Value().Get("ephemeral_1h_input_tokens"))
		case "output_tokens_details":
			u.thinking.set(m.Value().Get("thinking_tokens"))
		case "server_tool_use":
			u.searches.set(m.Value().Get("web_search_requests"))
		case "service_tier":
			u.tier = canon.Str(m.Value())
		case "speed":
			u.speed = canon.Str(m.Value())
		case "inference_geo":
			u.geo = canon.Str(m.Value())
		case "iterations":
			u.iterations = readIterations(m.Value())
		default:
			u.charges.Read(string(m.Key()), m.Value())
		}
	}
}

// maxIterations bounds the iterations that are read: a provider's loop ends long before.
const maxIterations = 1000

func readIterations(v scan.Value) (all []iteration) {
	for e := v.Elements(); e.Next() && len(all) < maxIterations; {
		var u usage
		u.read(e.Value())
		u.iterations = nil
		all = append(all, iteration{canon.Str(e.Value().Get("type")), canon.Str(e.Value().Get("model")), u.canon()})
	}
	return all
}

// add adds the iterations that the counts of an answer leave out, which are all that are no
// messages, and notes which are billed as another model.
func (u *usage) add(to *canon.Usage) {
	if len(u.iterations) == 0 {
		return
	}
	all := &canon.Iterations{}
	for i := range u.iterations {
		it := &u.iterations[i]
		all.Largest = max(all.Largest, it.usage.TotalInput())
		if it.kind != "message" {
			to.Plus(&it.usage)
		}
		if it.model != "" {
			all.Others = append(all.Others, canon.Billed{Model: it.model, Usage: it.usage})
		}
	}
	to.Iterations = all
}

// canon returns the disjoint buckets. The split by lifetime divides the whole
// that was written; what it does not explain is kept for five minutes.
func (u *usage) canon() canon.Usage {
	out := canon.Usage{Input: u.input.n, CacheRead: u.cached.n, Searches: u.searches.n, ServiceTier: u.tier, Speed: u.speed, Geo: u.geo, Charge: u.charges.Charge()}
	write := max(u.write.n, 0)
	if !u.write.seen {
		write = u.write5m.n + u.write1h.n
	}
	out.CacheWrite1h = min(u.write1h.n, write)
	out.CacheWrite5m = write - out.CacheWrite1h
	out.Reasoning = min(u.thinking.n, u.output.n)
	out.Output = u.output.n - out.Reasoning
	mark := func(b canon.Bucket, seen bool) {
		if seen {
			out.Seen |= b
		}
	}
	mark(canon.BucketInput, u.input.seen)
	mark(canon.BucketCacheRead, u.cached.seen)
	mark(canon.BucketCacheWrite5m, u.write.seen || u.write5m.seen)
	mark(canon.BucketCacheWrite1h, u.write.seen || u.write1h.seen)
	mark(canon.BucketOutput, u.output.seen)
	mark(canon.BucketReasoning, u.thinking.seen)
	mark(canon.BucketSearches, u.searches.seen)
	u.add(&out)
	return out
}

// appendUsage writes a usage as Anthropic counts: input_tokens without what was
// read from or written to a cache. Audio counts as input and output, since there
// is no member for it.
func appendUsage(b []byte, u *canon.Usage) []byte {
	write := u.CacheWrite5m + u.CacheWrite1h
	b = strconv.AppendInt(append(b, `{"input_tokens":`...), u.Input+u.AudioInput, 10)
	b = strconv.AppendInt(append(b, `,"cache_creation_input_tokens":`...), write, 10)
	b = strconv.AppendInt(append(b, `,"cache_read_input_tokens":`...), u.CacheRead, 10)
	if write > 0 {
		b = strconv.AppendInt(append(b, `,"cache_creation":{"ephemeral_5m_input_tokens":`...), u.CacheWrite5m, 10)
		b = strconv.AppendInt(append(b, `,"ephemeral_1h_input_tokens":`...), u.CacheWrite1h, 10)
		b = append(b, '}')
	}
	b = strconv.AppendInt(append(b, `,"output_tokens":`...), u.TotalOutput(), 10)
	if u.Reasoning > 0 {
		b = strconv.AppendInt(append(b, `,"output_tokens_details":{"thinking_tokens":`...), u.Reasoning, 10)
		b = append(b, '}')
	}
	return append(b, '}')
}
