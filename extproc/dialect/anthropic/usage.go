package anthropic

import (
	"errors"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

var errNotMessage = errors.New("the answer is neither a message nor an error")

// ReadResponse reads id, model and usage of a JSON answer, or how long it is where
// it reports none. Counting tokens costs nothing and leaves no usage.
func (Dialect) ReadResponse(op exchange.Operation, resp *exchange.Response, to *canon.Usage) error {
	var reported usage
	m := scan.Document(resp.Body)
	whole := false
	for m.Next() {
		switch string(m.Key()) {
		case "id":
			resp.ID = str(m.Value())
		case "model":
			resp.Model = str(m.Value())
		case "type":
			whole = true
			resp.Failed = resp.Failed || string(m.Value()) == `"error"`
		case "input_tokens":
			whole = true
		case "usage":
			reported.read(m.Value())
		}
	}
	if err := m.Err(); err != nil {
		return err
	}
	if !whole {
		return errNotMessage
	}
	if op != exchange.Chat {
		return nil
	}
	sum := reported.canon()
	if to.Replace(&sum, canon.UsageProvider); sum.Seen == 0 {
		resp.Seen = scan.TextBytes(resp.Body, textNames)
	}
	return nil
}

func str(v scan.Value) string {
	s, _ := v.Str()
	return string(s)
}
