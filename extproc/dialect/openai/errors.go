package openai

import (
	"bytes"
	"cmp"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// DecodeFault reads the body of an answer with an error status. Any body gives a
// fault: of one that is no OpenAI error the words are taken, if there are any, and else the
// status has to speak.
func (Dialect) DecodeFault(status int, body []byte) *canon.Fault {
	v := scan.Value(bytes.TrimSpace(body))
	if e := v.Elements(); v.Kind() == scan.Array && e.Next() { // Google's
		v = e.Value()
	}
	if v.Kind() == scan.String && scan.Broken(v) >= 0 {
		v = nil
	}
	if wrapped := v.Get("error"); wrapped != nil {
		v = wrapped // else as Mistral and others write it: {"message":..,"type":..,"code":..}
	}
	f := readFault(status, v)
	f.RequestID = cmp.Or(canon.Str(v.Get("request_id")), canon.Str(scan.Value(bytes.TrimSpace(body)).Get("request_id")))
	if f.Message == plainMessage(f.Status) {
		if words := canon.Words(body); words != "" {
			f.Message = words
		}
	}
	f.Refine()
	own := scan.Value(bytes.TrimSpace(body)).Get("error").Get("message").Kind() == scan.String
	f.Foreign = !own || f.Kind == canon.FaultRequest && f.TooLong() && f.Code != tooLongCode
	return f
}

// tooLongCode is the code by which clients know that a request is too long for the model.
const tooLongCode = "context_length_exceeded"

func plainMessage(status int) string {
	return "The provider answered with status " + strconv.Itoa(status) + "."
}

var faultMembers = []string{"message", "type", "code", "param"}

// readFault reads an error object. A status of 0 is one inside a 200.
func readFault(status int, v scan.Value) *canon.Fault {
	f := &canon.Fault{Status: status}
	var m [4]scan.Value
	if _, err := canon.Pick(v.Fields(), faultMembers, m[:], nil); err == nil {
		f.Message, f.Type, f.Code, f.Param = canon.Str(m[0]), canon.Str(m[1]), canon.Str(m[2]), canon.Str(m[3])
	}
	if n, ok := m[2].Int(); ok {
		f.Code = string(m[2])
		if status == 0 && n >= 400 && n < 600 {
			f.Status = int(n)
		}
	}
	if f.Message == "" {
		f.Message = canon.Str(v) // some servers: {"error":"text"}
	}
	f.Kind = faultKind(f)
	if f.Status == 0 {
		f.Status = f.Kind.Status()
	}
	if f.Message == "" {
		f.Message = plainMessage(f.Status)
	}
	return f
}

func faultKind(f *canon.Fault) canon.FaultKind {
	switch f.Code {
	case "insufficient_quota":
		return canon.FaultQuota
	case "rate_limit_exceeded":
		return canon.FaultRateLimit
	case "invalid_api_key":
		return canon.FaultAuthentication
	case "model_not_found", "DeploymentNotFound":
		return canon.FaultNotFound
	case "content_filter":
		return canon.FaultContent
	case tooLongCode:
		return canon.FaultRequest
	case "request_too_large":
		return canon.FaultTooLarge
	case "overloaded":
		return canon.FaultOverloaded
	case "timeout":
		return canon.FaultTimeout
	}
	if f.Status != 0 {
		return canon.KindOf(f.Status)
	}
	switch f.Type {
	case "invalid_request_error":
		return canon.FaultRequest
	case "authentication_error":
		return canon.FaultAuthentication
	case "permission_error":
		return canon.FaultPermission
	case "rate_limit_error", "requests", "tokens":
		return canon.FaultRateLimit
	case "insufficient_quota":
		return canon.FaultQuota
	case "overloaded_error", "service_unavailable", "overloaded":
		return canon.FaultOverloaded
	}
	return canon.FaultServer
}

// EncodeFault appends a fault as an error body to dst and returns the status
// that goes with a provider's, which OpenAI's SDKs turn into their error types. A
// refusal of Headgate's own names its exchange, and when to try again.
func (Dialect) EncodeFault(dst []byte, f *canon.Fault) ([]byte, int) {
	status := f.Kind.Status()
	spent := f.Kind == canon.FaultQuota || f.Kind == canon.FaultBilling
	if f.Status >= 400 && f.Status < 600 && f.Status != 529 && f.Status != 498 && !spent {
		status = f.Status
	}
	if spent {
		status = 429 // OpenAI's own for insufficient_quota
	}
	b := scan.AppendString(append(dst, `{"error":{"message":`...), f.Message)
	b = scan.AppendString(append(b, `,"type":`...), faultType(f))
	b = appendWord(append(b, `,"param":`...), f.Param)
	b = appendWord(append(b, `,"code":`...), faultCode(f))
	if f.RetryAfter > 0 {
		b = strconv.AppendInt(append(b, `,"retry_after":`...), int64((f.RetryAfter+time.Second-1)/time.Second), 10)
	}
	if f.Exchange != "" {
		b = scan.AppendString(append(b, `,"exchange_id":`...), f.Exchange)
	}
	return append(b, '}', '}'), status
}

// appendWord appends a string, or null for an empty one.
func appendWord(dst []byte, word string) []byte {
	if word == "" {
		return append(dst, "null"...)
	}
	return scan.AppendString(dst, word)
}

// faultType is OpenAI's word for a fault. A timeout with a gateway's status is a fault
// of the server.
func faultType(f *canon.Fault) string {
	if f.Exchange != "" && f.Type != "" {
		return f.Type
	}
	switch f.Kind {
	case canon.FaultRequest, canon.FaultNotFound, canon.FaultTooLarge, canon.FaultContent:
		return "invalid_request_error"
	case canon.FaultAuthentication:
		return "authentication_error"
	case canon.FaultPermission:
		return "permission_error"
	case canon.FaultRateLimit:
		return "rate_limit_error"
	case canon.FaultBilling, canon.FaultQuota:
		return "insufficient_quota"
	case canon.FaultTimeout:
		if f.Status == 408 {
			return "timeout_error"
		}
		return "server_error"
	default:
		return "server_error"
	}
}

func faultCode(f *canon.Fault) string {
	if f.Exchange != "" {
		return f.Code
	}
	switch f.Kind {
	case canon.FaultRequest:
		if f.TooLong() {
			return tooLongCode
		}
		return f.Code
	case canon.FaultAuthentication:
		return "invalid_api_key"
	case canon.FaultNotFound:
		return "model_not_found"
	case canon.FaultRateLimit:
		return "rate_limit_exceeded"
	case canon.FaultQuota, canon.FaultBilling:
		return "insufficient_quota"
	case canon.FaultTooLarge:
		return "request_too_large"
	case canon.FaultContent:
		return "content_filter"
	case canon.FaultOverloaded:
		return "overloaded"
	case canon.FaultCut:
		return "stream_cut"
	case canon.FaultTimeout:
		return "timeout"
	default:
		return f.Code
	}
}
