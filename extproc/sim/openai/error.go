package openai

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// Invalid is OpenAI's error for a request that makes no sense.
func Invalid(param, code, format string, args ...any) *wire.Error {
	return &wire.Error{Status: http.StatusBadRequest, Type: "invalid_request_error", Code: code, Param: param, Message: fmt.Sprintf(format, args...)}
}

// Missing is the error for a parameter that is not there.
func Missing(param string) *wire.Error {
	return Invalid(param, "missing_required_parameter", "Missing required parameter: '%s'.", param)
}

// WrongType is the error for a parameter that is something else than what is wanted.
func WrongType(name, want string, got scan.Value) *wire.Error {
	return Invalid(name, "invalid_type", "Invalid type for '%s': expected %s, but got %s instead.", name, want, wire.KindName(got))
}

// Refuse implements wire.Dialect.
func (Dialect) Refuse(message string) *wire.Error { return Invalid("", "", "%s", message) }

// NoPath implements wire.Dialect.
func (Dialect) NoPath(method, path string) *wire.Error {
	e := Invalid("", "", "Invalid URL (%s %s)", method, path)
	e.Status = http.StatusNotFound
	return e
}

// NoMethod implements wire.Dialect.
func (Dialect) NoMethod(method, path string) *wire.Error {
	e := Invalid("", "method_not_supported", "Not allowed to %s on %s. (HINT: Perhaps you meant to use a different HTTP method?)", method, path)
	e.Status = http.StatusMethodNotAllowed
	return e
}

// AppendError implements wire.Dialect.
func (Dialect) AppendError(b []byte, e *wire.Error, _ string) []byte {
	b = append(b, `{"error":{"message":`...)
	b = scan.AppendString(b, e.Message)
	b = append(b, `,"type":`...)
	b = wire.AppendNullable(b, e.Type)
	b = append(b, `,"param":`...)
	b = wire.AppendNullable(b, e.Param)
	b = append(b, `,"code":`...)
	b = wire.AppendNullable(b, e.Code)
	return append(b, `}}`...)
}

// Failed implements wire.Dialect.
func (d Dialect) Failed(t *wire.Turn, e *wire.Error) []byte {
	return d.AppendError(nil, e, t.RequestID)
}

// ErrorEvents implements wire.Dialect.
func (d Dialect) ErrorEvents(t *wire.Turn, e *wire.Error, _ int) []byte {
	return append(d.AppendError([]byte("data: "), e, t.RequestID), '\n', '\n')
}

// ErrorInStream implements wire.Dialect.
func (Dialect) ErrorInStream() int { return http.StatusInternalServerError }

// Failure returns the error that OpenAI gives with a status.
func (Dialect) Failure(status int, model, key string, quota bool) *wire.Error {
	e := &wire.Error{Status: status, Type: "server_error"}
	if status < 500 {
		e.Type, e.Message = "invalid_request_error", "The request is not valid."
	}
	switch status {
	case 401:
		e.Type, e.Code = "invalid_request_error", "invalid_api_key"
		e.Message = "Incorrect API key provided: " + MaskKey(key) + ". You can find your API key at https://platform.openai.com/account/api-keys."
	case 402:
		e.Type, e.Code, e.Message = "unknown_error", "invalid_request_error", "Insufficient Balance"
	case 403:
		e.Type, e.Code, e.Message = "request_forbidden", "unsupported_country_region_territory", "Country, region, or territory not supported"
	case 404:
		e.Type, e.Code = "invalid_request_error", "model_not_found"
		e.Message = "The model `" + model + "` does not exist or you do not have access to it."
	case 408:
		e.Type, e.Message = "timeout", "Request timed out."
	case 409:
		e.Type, e.Code, e.Message = "invalid_request_error", "conflict", "The resource is being changed by another request."
	case 413:
		e.Type, e.Code, e.Message = "invalid_request_error", "request_too_large", "The request exceeds the maximum size."
	case 422:
		e.Type, e.Message = "invalid_request_error", "The request was well-formed but cannot be followed."
	case 429:
		if quota {
			e.Type, e.Code = "insufficient_quota", "insufficient_quota"
			e.Message = "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
			break
		}
		e.Type, e.Code = "requests", "rate_limit_exceeded"
		e.Message = "Rate limit reached for " + model + " in organization org-simulated on requests per min (RPM): Limit 500, Used 500, Requested 1. Please try again in 120ms. Visit https://platform.openai.com/account/rate-limits to learn more."
	case 500:
		e.Message = "The server had an error while processing your request. Sorry about that!"
	case 502:
		e.HTML = true
	case 504:
		e.Message = "The server did not answer in time."
	default:
		e.Message = cmp.Or(e.Message, "The engine is currently overloaded, please try again later")
	}
	return e
}

// Reject implements wire.Dialect. The texts are those of users' reports:
//
//	context webtimemachine/wtm2#579
//	filter  openai/openai-python#331 (Azure, whose filter refuses before the model is asked)
//	prefill Kilo-Org/kilocode#8260 (Claude behind an OpenAI-compatible server)
func (Dialect) Reject(cause string, c *wire.Call) *wire.Error {
	switch cause {
	case wire.RejectContext:
		return Invalid("messages", "context_length_exceeded", "This model's maximum context length is %d tokens. However, your messages resulted in %d tokens. Please reduce the length of the messages.", c.Prompt.Tokens-1, c.Prompt.Tokens)
	case wire.RejectFilter:
		e := Invalid("prompt", "content_filter", "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766")
		e.Type = ""
		return e
	default:
		return Invalid("", "", "This model does not support assistant message prefill. The conversation must end with a user message.")
	}
}

// MaskKey hides a key as OpenAI's errors do: its ends can still be read.
func MaskKey(key string) string {
	if len(key) <= 8 {
		return "****"
	}
	return key[:3] + "*****" + key[len(key)-4:]
}
