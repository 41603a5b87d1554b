package provider

import (
	"bytes"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// bytesPerToken is more than a token of text has on average in any language. What a request
// has of it are tokens at least.
const bytesPerToken = 5

// leaveOutSmall takes out of what supports the request the classes whose windows it exceeds
// for certain, unless none would be left: to ask one costs no more than its refusal.
func (p *plan) leaveOutSmall() {
	body := p.ex.Request.Body
	if p.pool.window == 0 || int64(len(body)) <= p.pool.window*bytesPerToken || p.ex.Request.Operation != exchange.Chat {
		return
	}
	tokens := minTokens(body)
	fits := 0
	for _, t := range p.pool.targets {
		if window := t.canon.Traits.Context; window == 0 || tokens <= window {
			fits |= 1 << t.class
		}
	}
	if left := p.supporting & fits; left != 0 {
		p.supporting = left
	}
}

// minTokens returns how many tokens a body makes a model read at least. An escaped character
// is six bytes of it, and of the text half as many.
func minTokens(body []byte) int64 {
	return (scan.Written(body) - 3*int64(bytes.Count(body, []byte(`\u`)))) / bytesPerToken
}
