package openai

import (
	"errors"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

var errNotObject = errors.New("the answer carries neither a result nor an error")

// ReadResponse reads id, model and usage of a JSON answer, or how long it is where
// it reports none.
func (Dialect) ReadResponse(op exchange.Operation, resp *exchange.Response, usage *canon.Usage) error {
	m := scan.Document(resp.Body)
	whole, failed := false, false
	var sum canon.Usage
	for m.Next() {
		switch string(m.Key()) {
		case "id":
			resp.ID = str(m.Value())
		case "model":
			resp.Model = str(m.Value())
		case "usage":
			readUsageInto(m.Value(), &sum)
		case "service_tier":
			sum.Tier = str(m.Value())
		case "choices", "data", "object":
			whole = true
		case "error":
			failed = m.Value().Kind() != scan.Null
		}
	}
	if err := m.Err(); err != nil {
		return err
	}
	if !whole && !failed {
		return errNotObject
	}
	resp.Failed = resp.Failed || failed
	usage.Replace(&sum, canon.UsageProvider)
	if sum.Seen == 0 && op == exchange.Chat {
		resp.Seen = scan.TextBytes(resp.Body, textNames)
	}
	return nil
}

func str(v scan.Value) string {
	s, _ := v.Str()
	return string(s)
}
