package sim

import (
	"fmt"
	"net/http"

	"github.com/headgate/headgate/extproc/scan"
)

// unfit is Anthropic's error for a request that makes no sense.
func unfit(format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, typ: "invalid_request_error", message: fmt.Sprintf(format, args...)}
}

func (anthropic) refuse(message string) *apiError { return unfit("%s", message) }

func (anthropic) noPath(string, string) *apiError {
	return &apiError{status: http.StatusNotFound, typ: "not_found_error", message: "Not Found"}
}

func (anthropic) noMethod(string, string) *apiError {
	return &apiError{status: http.StatusMethodNotAllowed, typ: "invalid_request_error", message: "Method Not Allowed"}
}

func (anthropic) appendError(b []byte, e *apiError, requestID string) []byte {
	b = append(b, `{"type":"error","error":{"type":`...)
	b = scan.AppendString(b, e.typ)
	b = append(b, `,"message":`...)
	b = scan.AppendString(b, e.message)
	b = append(b, `},"request_id":`...)
	b = scan.AppendString(b, requestID)
	return append(b, '}')
}

func (anthropic) errorEvent(body []byte) []byte {
	return append([]byte("event: error\ndata: "), body...)
}

func (anthropic) errorInStream() int { return 529 }

// failure returns the error that Anthropic gives with a status.
func (anthropic) failure(status int, model, _ string, quota bool) *apiError {
	e := &apiError{status: status, typ: "api_error"}
	switch status {
	case 401:
		e.typ, e.message = "authentication_error", "invalid x-api-key"
	case 402:
		e.typ, e.message = "billing_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."
	case 403:
		e.typ, e.message = "permission_error", "Your API key does not have permission to use the specified resource."
	case 404:
		e.typ, e.message = "not_found_error", "model: "+model
	case 408, 504:
		e.typ, e.message = "timeout_error", "Request timed out"
	case 413:
		e.typ, e.message = "request_too_large", "Request exceeds the maximum size"
	case 400, 409, 422:
		e.typ, e.message = "invalid_request_error", "The request is not valid."
	case 429:
		e.typ, e.message = "rate_limit_error", "This request would exceed your organization’s rate limit of 50 requests per minute."
		if quota {
			e.message = "You have reached your specified API usage limits. You will regain access on the first of next month."
		}
	case 502:
		e.html = true
	case 529:
		e.typ, e.message = "overloaded_error", "Overloaded"
	case 503:
		e.message = "Service unavailable"
	default:
		e.message = "Internal server error"
	}
	return e
}
