package responses

import (
	"errors"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// head holds the members of a response: of a whole answer, and of the response that an
// event of a stream holds. What an answer says besides its items is read here alone,
// whether it passes or is decoded.
type head [respMembers]scan.Value

// Members of a response.
const (
	respID = iota
	respObject
	respCreated
	respModel
	respStatus
	respIncomplete
	respOutput
	respUsage
	respTier
	respError
	respTokens // of a count, which is never translated
	respMembers
)

var responseMembers = []string{"id", "object", "created_at", "model", "status", "incomplete_details", "output", "usage", "service_tier", "error", "input_tokens"}

var errNoAnswer = errors.New("the answer is neither a response nor an error")

// ReadResponse reads id, model and usage of a JSON answer, or how long it is if it reports
// none. Counting tokens costs nothing and leaves no usage.
func (Dialect) ReadResponse(op exchange.Operation, resp *exchange.Response, usage *canon.Usage) error {
	var h head
	if err := canon.Find(scan.Document(resp.Body), responseMembers, h[:]); err != nil {
		return err
	}
	fault := h.fault(resp.Body)
	if fault == nil && !h.answers() {
		return errNoAnswer
	}
	resp.ID, resp.Model = canon.Str(h[respID]), canon.Str(h[respModel])
	resp.Unfinished = h.unfinished()
	if op == exchange.Chat {
		sum := h.usage()
		if usage.Replace(&sum, canon.UsageProvider); !sum.Whole() {
			resp.TextBytes, _ = scan.Texts(resp.Body, wholeNames)
		}
	}
	if fault != nil {
		return fault
	}
	resp.NoteEnd(h.word(), h.finish(false))
	return nil
}

// wholeNames are the names of the members that hold generated text in a whole answer.
var wholeNames = []string{`"text`, `"refusal`, `"arguments`, `"input`}

// answers reports whether a client of this dialect can take the body for an answer. To
// translate one takes more: its output.
func (h *head) answers() bool {
	return h[respOutput] != nil || h[respStatus] != nil || h[respObject] != nil || h[respTokens] != nil
}

func (h *head) usage() canon.Usage {
	u := readUsage(h[respUsage])
	u.ServiceTier = canon.Str(h[respTier])
	return u
}

func (h *head) status() string { return string(canon.Inside(h[respStatus])) }

// unfinished reports whether the server is at the answer or gave up, and has said nothing of it.
func (h *head) unfinished() bool {
	output := h[respOutput].Elements()
	switch h.status() {
	case "queued", "in_progress", "failed", "cancelled":
		return !output.Next()
	}
	return false
}

// fault returns the error that a 200 response, or a response in a stream, is; nil: it is
// none.
func (h *head) fault(body []byte) *canon.Fault {
	switch {
	case isError(h[respError]), string(canon.Inside(h[respObject])) == "error":
		return readFault(body)
	case h.status() == "failed":
		return &canon.Fault{Kind: canon.FaultServer, Status: 500, Message: "The provider failed to answer, and does not say why."}
	case h.status() == "cancelled":
		return &canon.Fault{Kind: canon.FaultServer, Status: 502, Message: "The answer was cancelled at the provider."}
	case h.finish(false) == canon.FinishError:
		return canon.BrokeOff(h.word())
	}
	return nil
}

// word is the provider's own for the end of the answer: why it is incomplete, or else its status.
func (h *head) word() scan.Value {
	if reason := h[respIncomplete].Get("reason"); reason.Kind() == scan.String {
		return reason
	}
	return h[respStatus]
}

// isError reports whether a member that is called error says that there is one.
func isError(v scan.Value) bool {
	return v.Kind() == scan.Object || v.Kind() == scan.String && !canon.Empty(v)
}

// finish says why an answer ended that holds calls, or none.
func (h *head) finish(calls bool) canon.Finish {
	switch h.status() {
	case "completed":
		if calls {
			return canon.FinishToolCalls
		}
		return canon.FinishStop
	case "incomplete":
		return h.lacks()
	default:
		return canon.FinishUnset
	}
}

// lacks says why an answer is not whole. An end that is good elsewhere is one for lack of room
// here: the server itself says that something is missing.
func (h *head) lacks() canon.Finish {
	reason := canon.Inside(h[respIncomplete].Get("reason"))
	if len(reason) == 0 {
		return canon.FinishLength
	}
	switch f := canon.EndOf(reason); f {
	case canon.FinishRefusal, canon.FinishContextWindow, canon.FinishError:
		return f
	default:
		return canon.FinishLength
	}
}
