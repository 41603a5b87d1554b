package sim

import (
	"fmt"
	"net/http"

	"github.com/headgate/headgate/extproc/scan"
)

// invalid is OpenAI's error for a request that makes no sense.
func invalid(param, code, format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, "invalid_request_error", code, param, fmt.Sprintf(format, args...), false}
}

func (openAI) refuse(message string) *apiError { return invalid("", "", "%s", message) }

func (openAI) noPath(method, path string) *apiError {
	e := invalid("", "", "Invalid URL (%s %s)", method, path)
	e.status = http.StatusNotFound
	return e
}

func (openAI) noMethod(method, path string) *apiError {
	e := invalid("", "method_not_supported", "Not allowed to %s on %s. (HINT: Perhaps you meant to use a different HTTP method?)", method, path)
	e.status = http.StatusMethodNotAllowed
	return e
}

func (openAI) appendError(b []byte, e *apiError, _ string) []byte {
	b = append(b, `{"error":{"message":`...)
	b = scan.AppendString(b, e.message)
	b = append(b, `,"type":`...)
	b = scan.AppendString(b, e.typ)
	b = append(b, `,"param":`...)
	b = appendNullable(b, e.param)
	b = append(b, `,"code":`...)
	b = appendNullable(b, e.code)
	return append(b, `}}`...)
}

func (openAI) errorEvent(body []byte) []byte { return append([]byte("data: "), body...) }

func (openAI) errorInStream() int { return http.StatusInternalServerError }

// failure returns the error that OpenAI gives with a status.
func (openAI) failure(status int, model, key string, quota bool) *apiError {
	e := &apiError{status: status, typ: "server_error"}
	switch status {
	case 400:
		e.typ, e.message = "invalid_request_error", "The request is not valid."
	case 401:
		e.typ, e.code = "invalid_request_error", "invalid_api_key"
		e.message = "Incorrect API key provided: " + maskKey(key) + ". You can find your API key at https://platform.openai.com/account/api-keys."
	case 402:
		e.typ, e.code, e.message = "unknown_error", "invalid_request_error", "Insufficient Balance"
	case 403:
		e.typ, e.code, e.message = "request_forbidden", "unsupported_country_region_territory", "Country, region, or territory not supported"
	case 404:
		e.typ, e.code = "invalid_request_error", "model_not_found"
		e.message = "The model `" + model + "` does not exist or you do not have access to it."
	case 408:
		e.typ, e.message = "timeout", "Request timed out."
	case 409:
		e.typ, e.code, e.message = "invalid_request_error", "conflict", "The resource is being changed by another request."
	case 413:
		e.typ, e.code, e.message = "invalid_request_error", "request_too_large", "The request exceeds the maximum size."
	case 422:
		e.typ, e.message = "invalid_request_error", "The request was well-formed but cannot be followed."
	case 429:
		if quota {
			e.typ, e.code = "insufficient_quota", "insufficient_quota"
			e.message = "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
			break
		}
		e.typ, e.code = "requests", "rate_limit_exceeded"
		e.message = "Rate limit reached for " + model + " in organization org-simulated on requests per min (RPM): Limit 500, Used 500, Requested 1. Please try again in 120ms. Visit https://platform.openai.com/account/rate-limits to learn more."
	case 500:
		e.message = "The server had an error while processing your request. Sorry about that!"
	case 502:
		e.html = true
	case 504:
		e.message = "The server did not answer in time."
	default:
		e.message = "The engine is currently overloaded, please try again later"
	}
	return e
}

// maskKey hides a key as OpenAI's errors do: its ends can still be read.
func maskKey(key string) string {
	if len(key) <= 8 {
		return "****"
	}
	return key[:3] + "*****" + key[len(key)-4:]
}
