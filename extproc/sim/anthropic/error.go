package anthropic

import (
	"fmt"
	"net/http"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// invalid is Anthropic's error for a request that makes no sense.
func invalid(format string, args ...any) *wire.Error {
	return &wire.Error{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: fmt.Sprintf(format, args...)}
}

// Refuse implements wire.Dialect.
func (Dialect) Refuse(message string) *wire.Error { return invalid("%s", message) }

// NoPath implements wire.Dialect.
func (Dialect) NoPath(string, string) *wire.Error {
	return &wire.Error{Status: http.StatusNotFound, Type: "not_found_error", Message: "Not Found"}
}

// NoMethod implements wire.Dialect.
func (Dialect) NoMethod(string, string) *wire.Error {
	return &wire.Error{Status: http.StatusMethodNotAllowed, Type: "invalid_request_error", Message: "Method Not Allowed"}
}

// AppendError implements wire.Dialect.
func (Dialect) AppendError(b []byte, e *wire.Error, requestID string) []byte {
	b = append(b, `{"type":"error","error":{"type":`...)
	b = scan.AppendString(b, e.Type)
	b = append(b, `,"message":`...)
	b = scan.AppendString(b, e.Message)
	if e.Code != "" {
		b = append(scan.AppendString(append(b, `,"details":{"error_code":`...), e.Code), '}')
	}
	b = append(b, `},"request_id":`...)
	b = scan.AppendString(b, requestID)
	return append(b, '}')
}

// Failed implements wire.Dialect.
func (d Dialect) Failed(t *wire.Turn, e *wire.Error) []byte {
	return d.AppendError(nil, e, t.RequestID)
}

// ErrorEvents implements wire.Dialect.
func (d Dialect) ErrorEvents(t *wire.Turn, e *wire.Error, _ int) []byte {
	return append(d.AppendError([]byte("event: error\ndata: "), e, t.RequestID), '\n', '\n')
}

// ErrorInStream implements wire.Dialect.
func (Dialect) ErrorInStream() int { return 529 }

// Failure returns the error that Anthropic gives with a status.
func (Dialect) Failure(status int, model, _ string, quota bool) *wire.Error {
	e := &wire.Error{Status: status, Type: "api_error", Message: "Internal server error"}
	if status < 500 {
		e.Type, e.Message = "invalid_request_error", "The request is not valid."
	}
	switch status {
	case 401:
		e.Type, e.Message = "authentication_error", "invalid x-api-key"
	case 402:
		e.Type, e.Message = "billing_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."
	case 403:
		e.Type, e.Message = "permission_error", "Your API key does not have permission to use the specified resource."
	case 404:
		e.Type, e.Message = "not_found_error", "model: "+model
	case 408, 504:
		e.Type, e.Message = "timeout_error", "Request timed out"
	case 413:
		e.Type, e.Message = "request_too_large", "Request exceeds the maximum size"
	case 429:
		e.Type, e.Message = "rate_limit_error", "This request would exceed your organization’s rate limit of 50 requests per minute."
		if quota {
			e.Message = "You have reached your specified API usage limits. You will regain access on the first of next month."
		}
	case 502:
		e.HTML = true
	case 529:
		e.Type, e.Message = "overloaded_error", "Overloaded"
	case 503:
		e.Message = "Service unavailable"
	}
	return e
}

// Reject implements wire.Dialect. The texts are those of users' reports:
//
//	context anthropics/claude-code#12186
//	filter  anthropics/claude-code#58367
//	prefill smallmain/vscode-unify-chat-provider#249
func (Dialect) Reject(cause string, c *wire.Call) *wire.Error {
	switch cause {
	case wire.RejectContext:
		return invalid("prompt is too long: %d tokens > %d maximum", c.Prompt.Tokens, c.Prompt.Tokens-1)
	case wire.RejectFilter:
		return invalid("Output blocked by content filtering policy")
	default:
		return invalid("This model does not support assistant message prefill. The conversation must end with a user message.")
	}
}
