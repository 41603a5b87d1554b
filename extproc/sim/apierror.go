package sim

import (
	"fmt"
	"net/http"

	"github.com/headgate/headgate/extproc/scan"
)

// apiError is an error as a provider reports it. Empty param and code are null.
type apiError struct {
	status  int
	typ     string
	code    string
	param   string
	message string
	html    bool // from the edge in front of the API, as real 502s are
}

// Error implements error.
func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.typ, e.message) }

// invalid is OpenAI's error for a request that makes no sense.
func invalid(param, code, format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, "invalid_request_error", code, param, fmt.Sprintf(format, args...), false}
}

// unfit is Anthropic's error for a request that makes no sense.
func unfit(format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, typ: "invalid_request_error", message: fmt.Sprintf(format, args...)}
}

const badGateway = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"

func (e *apiError) appendOpenAI(b []byte) []byte {
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

func (e *apiError) appendAnthropic(b []byte, requestID string) []byte {
	b = append(b, `{"type":"error","error":{"type":`...)
	b = scan.AppendString(b, e.typ)
	b = append(b, `,"message":`...)
	b = scan.AppendString(b, e.message)
	b = append(b, `},"request_id":`...)
	b = scan.AppendString(b, requestID)
	return append(b, '}')
}

func appendNullable(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return scan.AppendString(b, s)
}

// openAIFailure returns the error that OpenAI gives with a status.
func openAIFailure(status int, model, key string, quota bool) *apiError {
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

// anthropicFailure returns the error that Anthropic gives with a status.
func anthropicFailure(status int, model string, quota bool) *apiError {
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

// maskKey hides a key as OpenAI's errors do: its ends can still be read.
func maskKey(key string) string {
	if len(key) <= 8 {
		return "****"
	}
	return key[:3] + "*****" + key[len(key)-4:]
}
