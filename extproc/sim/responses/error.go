package responses

import (
	"net/http"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// notFound is the error for an id that the account does not have.
func notFound(what, id string) *wire.Error {
	e := openai.Invalid("", "", "%s with id '%s' not found.", what, id)
	e.Status = http.StatusNotFound
	return e
}

// notPersisted is the error for an item that is named and not kept (router-for-me/CLIProxyAPI,
// sdk/cliproxy/auth).
func notPersisted(id string) *wire.Error {
	e := openai.Invalid("input", "", "Item with id '%s' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input.", id)
	e.Status = http.StatusNotFound
	return e
}

// unknown is the error for a parameter that does not exist.
func unknown(at string) *wire.Error {
	return openai.Invalid(at, "unknown_parameter", "Unknown parameter: '%s'.", at)
}

// unsupported is the error for a value that is none of those which there are.
func unsupported(at, value string, values []string) *wire.Error {
	return openai.Invalid(at, "invalid_value", "Invalid value: '%s'. Supported values are: %s.", value, openai.Quoted(values))
}

// Reject implements wire.Dialect. The text about the context is that of users' reports
// (the-open-agent/openagent#2344); the filter refuses in it as it does in the other dialect.
func (d *Dialect) Reject(cause string, c *wire.Call) *wire.Error {
	if cause == wire.RejectContext {
		return openai.Invalid("input", "context_length_exceeded", "Your input exceeds the context window of this model. Please adjust your input and try again.")
	}
	return d.Dialect.Reject(cause, c)
}

// Failed implements wire.Dialect: a response that was accepted and came to nothing has the
// status failed, and comes with status 200.
func (d *Dialect) Failed(t *wire.Turn, e *wire.Error) []byte {
	q, ok := t.Call.Own.(*request)
	if !ok || q.given == nil {
		return d.Dialect.Failed(t, e)
	}
	d.fail(q, e)
	if q.background {
		return q.render(statusQueued)
	}
	return q.render(statusFailed)
}

// ErrorEvents implements wire.Dialect: the error, and the response that it ends.
func (d *Dialect) ErrorEvents(t *wire.Turn, e *wire.Error, sent int) []byte {
	b := append([]byte("event: error\ndata: "), `{"type":"error","code":`...)
	b = wire.AppendNullable(b, failureCode(e))
	b = scan.AppendString(append(b, `,"message":`...), e.Message)
	b = wire.AppendNullable(append(b, `,"param":`...), e.Param)
	b = append(wire.AppendCount(b, `,"sequence_number":`, sent), "}\n\n"...)
	q, ok := t.Call.Own.(*request)
	if !ok {
		return b
	}
	d.fail(q, e)
	st := stream{q: q, sequence: sent + 1}
	st.response("response.failed", statusFailed)
	return append(b, st.Buf...)
}

// failureCode is the code of an error inside a response, of which there are few
// (openai-python 3.54, types/responses/response_error.py).
func failureCode(e *wire.Error) string {
	switch {
	case e.Status == http.StatusTooManyRequests:
		return "rate_limit_exceeded"
	case e.Status < http.StatusInternalServerError:
		return "invalid_prompt"
	default:
		return "server_error"
	}
}
