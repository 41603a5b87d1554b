package canon

import "github.com/headgate/headgate/extproc/scan"

// bytesPerToken is how many bytes of text make a token if the provider did not
// count: the rule of thumb for English under the common encodings. It only serves answers
// that broke off or that report no usage, and what it makes is marked as an estimate.
const bytesPerToken = 4

// Tokens estimates the tokens of so many bytes of text.
func Tokens(bytes int64) int64 { return (bytes + bytesPerToken - 1) / bytesPerToken }

// EstimatedInput returns the tokens of input as they are estimated. The request is looked at
// once, and not if nobody asks.
func (c *Client) EstimatedInput() int64 {
	if c.Input == 0 && len(c.Asked) > 0 {
		c.Input = Tokens(scan.Written(c.Asked))
	}
	return c.Input
}

// Complete fills in what no server has counted of an answer, as the exchange estimates it.
func (c *Client) Complete(u *Usage) {
	if u.Seen&BucketInput == 0 {
		u.Input, u.Seen = c.EstimatedInput(), u.Seen|BucketInput
	}
	if u.Seen&BucketOutput == 0 && c.Said != nil {
		u.Output, u.Seen = Tokens(*c.Said), u.Seen|BucketOutput
	}
}
