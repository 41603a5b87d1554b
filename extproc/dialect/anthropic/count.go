package anthropic

import (
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// countMembers are what the vendor's SDK knows of a request to count (anthropic-sdk-go 1.84:
// MessageCountTokensParams, and its beta).
var countMembers = []string{"model", "messages", "system", "tools", "tool_choice", "thinking", "cache_control", "output_config", "context_management", "mcp_servers"}

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
	return append(strconv.AppendInt(append(dst, `{"input_tokens":`...), tokens, 10), '}')
}
