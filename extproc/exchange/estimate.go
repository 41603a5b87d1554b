package exchange

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// bytesPerToken is how many bytes of text make a token if the provider did not
// count: the rule of thumb for English under the common encodings. It only serves answers
// that broke off or that report no usage, and what it makes is marked as an estimate.
const bytesPerToken = 4

// Estimate completes a usage by the request, and by the bytes of text that came. What was
// reported stays.
func (ex *Exchange) Estimate(u *canon.Usage, text int64) {
	if u.TotalInput() == 0 {
		u.Input = tokens(scan.Written(ex.Request.Body))
	}
	u.Output = max(u.Output, tokens(text)-u.Reasoning)
	u.Source = canon.UsageEstimated
}

func tokens(bytes int64) int64 { return (bytes + bytesPerToken - 1) / bytesPerToken }
