package wire

// Usage is what the provider would bill for one exchange, in tokens, in disjoint
// buckets. An answer that ended early is billed for its whole input and for the
// output that was sent; an error before the answer, and an answer of which no
// byte was sent, for nothing.
type Usage struct {
	Input        int `json:"input"` // uncached
	CacheRead    int `json:"cache_read"`
	CacheWrite5m int `json:"cache_write_5m"`
	CacheWrite1h int `json:"cache_write_1h"`
	AudioInput   int `json:"audio_input"`
	Output       int `json:"output"` // text and tool calls
	Reasoning    int `json:"reasoning"`
	AudioOutput  int `json:"audio_output"`
}

// TotalInput returns all input tokens: OpenAI's prompt_tokens.
func (u *Usage) TotalInput() int {
	return u.Input + u.CacheRead + u.CacheWrite5m + u.CacheWrite1h + u.AudioInput
}

// TotalOutput returns all output tokens: OpenAI's completion_tokens and
// Anthropic's output_tokens.
func (u *Usage) TotalOutput() int { return u.Output + u.Reasoning + u.AudioOutput }
