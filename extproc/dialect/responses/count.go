package responses

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// countMembers are what the vendor's SDK knows of a request to count (openai-go 3:
// InputTokenCountParams).
var countMembers = []string{"model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning",
	"truncation", "previous_response_id", "conversation", "personality"}

// CountMembers implements dialect.Counter.
func (Dialect) CountMembers() []string { return countMembers }

// ReadCount implements dialect.Counter.
func (Dialect) ReadCount(body []byte) (int64, error) {
	var h head
	if err := canon.Find(scan.Document(body), responseMembers, h[:]); err != nil {
		return 0, canon.Malformed(err.Error())
	}
	if f := h.fault(body); f != nil {
		return 0, f
	}
	n, ok := h[respTokens].Int()
	if !ok || n <= 0 {
		return 0, canon.Malformed("the answer has no count of tokens")
	}
	return n, nil
}

// AppendCount implements dialect.Counter.
func (Dialect) AppendCount(dst []byte, tokens int64) []byte {
	return append(strconv.AppendInt(append(dst, `{"object":"response.input_tokens","input_tokens":`...), tokens, 10), '}')
}
