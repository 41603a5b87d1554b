package exchange

import "github.com/headgate/headgate/extproc/canon"

// FaultSaid is what a provider said of a failure, fit for rows: its texts are bounded, and
// hold no credential and no piece of the request.
type FaultSaid struct {
	Status              int // HTTP; 200 of an error in the body of a success
	Type, Code, Message string
}

// NoteFault notes that the answer is, or ends with, what a provider says of a failure. Failed says
// so, too; of several the first one counts.
func (r *Response) NoteFault(f *canon.Fault) {
	r.Failed = true
	if r.Fault == nil {
		r.Fault = f
	}
}

// requestIDs are the headers in which providers and what stands before them name a request, the
// surest first: OpenAI's, which many use, Anthropic's, AWS's, Azure's, Mistral's and Cloudflare's.
var requestIDs = []string{"x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "mistral-correlation-id", "cf-ray"}

// RequestID is the provider's id of a request, by the headers of its answer; empty: they name none.
func RequestID(h Headers) string {
	for _, name := range requestIDs {
		if id := h.Get(name); len(id) > 0 {
			return Clip(string(id), MaxText)
		}
	}
	return ""
}
