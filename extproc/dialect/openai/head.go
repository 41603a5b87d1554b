package openai

import (
	"bytes"
	"errors"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// head holds the members of an answer. What a whole answer says besides its content
// is read here alone, whether it passes or is decoded.
type head [respMembers]scan.Value

// Members of an answer.
const (
	respID = iota
	respObject
	respCreated
	respModel
	respChoices
	respUsage
	respTier
	respError
	respData    // of embeddings, which are never translated
	respResults // of moderations, which are not either
	respMembers
)

var responseMembers = []string{"id", "object", "created", "model", "choices", "usage", "service_tier", "error", "data", "results"}

var errNotObject = errors.New("the answer carries neither a result nor an error")

// ReadResponse reads id, model and usage of a JSON answer, or how long it is if
// it reports none.
func (Dialect) ReadResponse(op exchange.Operation, resp *exchange.Response, usage *canon.Usage) error {
	var h head
	if err := canon.Find(scan.Document(resp.Body), responseMembers, h[:]); err != nil {
		return err
	}
	fault := h.fault(resp.Body)
	if fault == nil && !h.answers() {
		return errNotObject
	}
	resp.ID, resp.Model = canon.Str(h[respID]), canon.Str(h[respModel])
	sum := h.usage()
	usage.Replace(&sum, canon.UsageProvider)
	if !sum.Whole() && op == exchange.Chat {
		resp.TextBytes, _ = scan.Texts(resp.Body, textNames)
	}
	if fault == nil {
		fault = h.ended(resp)
	}
	if fault != nil {
		return fault
	}
	mendIDs(resp, &h)
	return nil
}

// ended notes why the answer ended. The fault says that it broke off.
func (h *head) ended(resp *exchange.Response) *canon.Fault {
	for e := h[respChoices].Elements(); e.Next(); {
		word := e.Value().Get("finish_reason")
		finish := finishOf(word)
		resp.NoteEnd(word, finish)
		if finish == canon.FinishError {
			return canon.BrokeOff(word)
		}
	}
	return nil
}

// answers reports whether a client of this dialect can take the body for an answer.
// To translate one takes more: its choices.
func (h *head) answers() bool {
	return h[respChoices] != nil || h[respData] != nil || h[respResults] != nil || h[respObject] != nil
}

func (h *head) usage() canon.Usage {
	var u canon.Usage
	readUsageInto(h[respUsage], &u)
	u.ServiceTier = canon.Str(h[respTier])
	return u
}

// fault returns the error that a 200 response is; nil: it is none.
func (h *head) fault(body []byte) *canon.Fault {
	if v := errorIn(h[respError], h[respObject], body); v != nil {
		return readFault(0, v)
	}
	return nil
}

// errorIn returns the error that an object in a 200 response says, whole or in a
// stream, in the forms that servers give it; nil: none. The first two are members of
// the object.
func errorIn(err, kind scan.Value, object []byte) scan.Value {
	switch {
	case isError(err):
		return err
	case string(canon.Inside(kind)) == "error":
		return bytes.TrimSpace(object)
	}
	return nil
}

// isError reports whether a member that is called error says that there is one. Some
// servers write null, false or an empty text if there is none.
func isError(v scan.Value) bool {
	return v.Kind() == scan.Object || v.Kind() == scan.String && !canon.Empty(v)
}
