package exchange

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Estimate completes a usage by the request, and by the bytes of text that came. What was
// reported stays.
func (ex *Exchange) Estimate(u *canon.Usage, text int64) {
	if u.TotalInput() == 0 {
		u.Input = canon.Tokens(scan.Written(ex.Request.Body))
	}
	u.Output = max(u.Output, canon.Tokens(text)-u.Reasoning)
	u.Source = canon.UsageEstimated
}
