package openai

import "github.com/headgate/headgate/extproc/sim/wire"

// appendUsage appends the counts of an answer, in a shape that wire.Behaviour names; empty:
// OpenAI's own. Sources of the others are the providers' API references and, for litellm, its
// proxy's answers.
func appendUsage(b []byte, shape string, u *wire.Usage) []byte {
	if shape == wire.UsageNull {
		return append(b, "null"...)
	}
	in, out, all := u.TotalInput(), u.TotalOutput(), u.TotalInput()+u.TotalOutput()
	if shape == wire.UsageXAI {
		out -= u.Reasoning
	}
	b = wire.AppendCount(b, `{"prompt_tokens":`, in)
	b = wire.AppendCount(b, `,"completion_tokens":`, out)
	b = wire.AppendCount(b, `,"total_tokens":`, all)
	b = appendCached(b, shape, u)
	b = wire.AppendCount(b, `,"completion_tokens_details":{"reasoning_tokens":`, u.Reasoning)
	b = wire.AppendCount(b, `,"audio_tokens":`, u.AudioOutput)
	return append(b, `,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}

// appendCached appends what of the input was read from a cache, or written to it.
func appendCached(b []byte, shape string, u *wire.Usage) []byte {
	switch shape {
	case wire.UsageDeepSeek:
		b = wire.AppendCount(b, `,"prompt_cache_hit_tokens":`, u.CacheRead)
		return wire.AppendCount(b, `,"prompt_cache_miss_tokens":`, u.TotalInput()-u.CacheRead)
	case wire.UsageMoonshot:
		return wire.AppendCount(b, `,"cached_tokens":`, u.CacheRead)
	case wire.UsageLiteLLM:
		b = wire.AppendCount(b, `,"cache_read_input_tokens":`, u.CacheRead)
		b = wire.AppendCount(b, `,"cache_creation_input_tokens":`, u.CacheWrite5m)
	}
	b = wire.AppendCount(b, `,"prompt_tokens_details":{"cached_tokens":`, u.CacheRead)
	b = wire.AppendCount(b, `,"audio_tokens":`, u.AudioInput)
	return append(b, '}')
}

// usage is the chunk with the counts, if one was asked for.
func (st *chatStream) usage() {
	if !st.x.Call.IncludeUsage || st.x.Do.NoUsage {
		return
	}
	st.Buf = append(append(st.Buf, st.head...), `],"usage":`...)
	st.Buf = appendUsage(st.Buf, st.x.Do.Usage, &st.a.Usage)
	st.pad()
	st.Done()
}

// usageIn appends what a chunk of a choice says of the counts.
func (st *chatStream) usageIn(last bool) {
	shape, asked := st.x.Do.Usage, st.x.Call.IncludeUsage
	switch {
	case st.x.Do.NoUsage:
	case shape == wire.UsageGroq && last:
		st.Buf = append(st.Buf, `,"x_groq":{"id":"`+st.x.RequestID+`","usage":`...)
		st.Buf = append(appendUsage(st.Buf, shape, &st.a.Usage), '}')
	case shape == wire.UsageRunning:
		u := st.a.Usage
		u.Output, u.Reasoning = st.Out, st.Hidden
		st.Buf = appendUsage(append(st.Buf, `,"usage":`...), shape, &u)
	case shape == wire.UsageNull, asked && shape != wire.UsageGroq:
		st.Buf = append(st.Buf, `,"usage":null`...)
	}
}
