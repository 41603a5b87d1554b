package anthropic

import (
	"errors"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// head holds the members of an answer: of a whole one, and of the one that
// message_start begins. What an answer says besides its content is read here alone,
// whether it passes or is decoded.
type head [respMembers]scan.Value

// Members of an answer.
const (
	respID = iota
	respType
	respRole
	respModel
	respContent
	respReason
	respStop
	respUsage
	respError
	respTokens // of a count, which is never translated
	respMembers
)

var responseMembers = []string{"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage", "error", "input_tokens"}

var errNotMessage = errors.New("the answer is neither a message nor an error")

// ReadResponse reads id, model and usage of a JSON answer, or how long it is if
// it reports none. Counting tokens costs nothing and leaves no usage.
func (Dialect) ReadResponse(op exchange.Operation, resp *exchange.Response, to *canon.Usage) error {
	var h head
	if err := canon.Find(scan.Document(resp.Body), responseMembers, h[:]); err != nil {
		return err
	}
	fault := h.fault(resp.Body)
	if fault == nil && !h.answers() {
		return errNotMessage
	}
	resp.ID, resp.Model = canon.Str(h[respID]), canon.Str(h[respModel])
	if op == exchange.Chat {
		sum := h.usage()
		if to.Replace(&sum, canon.UsageProvider); !sum.Whole() {
			resp.TextBytes, _ = scan.Texts(resp.Body, textNames)
		}
	}
	if fault != nil {
		return fault
	}
	finish := finishOf(h[respReason])
	resp.NoteEnd(h[respReason], finish)
	if finish == canon.FinishError {
		return canon.BrokeOff(h[respReason])
	}
	return nil
}

// answers reports whether a client of this dialect can take the body for an answer.
// To translate one takes more: its content.
func (h *head) answers() bool { return h[respType] != nil || h[respTokens] != nil }

func (h *head) usage() canon.Usage {
	var u usage
	u.read(h[respUsage])
	return u.canon()
}

// fault returns the error that a 200 response is; nil: it is none.
func (h *head) fault(body []byte) *canon.Fault {
	if string(kindOf(nil, h[respType], h[respError])) == "error" {
		return Dialect{}.DecodeFault(0, body)
	}
	return nil
}

// kindOf returns what an answer, or an event of this name, is: what its type says. A
// server that leaves the type out says it by the name, or by a member error. An event
// that is called an error is one, whatever else its data say.
func kindOf(name []byte, kind, err scan.Value) []byte {
	switch {
	case string(name) == "error":
		return name
	case len(canon.Inside(kind)) > 0:
		return canon.Inside(kind)
	case len(name) > 0:
		return name
	case err.Kind() == scan.Object || err.Kind() == scan.String && !canon.Empty(err):
		return []byte("error")
	}
	return nil
}
