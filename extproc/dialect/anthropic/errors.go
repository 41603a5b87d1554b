package anthropic

import (
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// DecodeFault reads the body of an answer with an error status; 0 stands for an
// error inside a 200. Any body gives a fault: of one that is no Anthropic error the words
// are taken, if there are any, and else the status has to speak.
func (Dialect) DecodeFault(status int, body []byte) *canon.Fault {
	f := &canon.Fault{Status: status}
	var whole [2]scan.Value
	if _, err := canon.Pick(scan.Document(body), []string{"error", "request_id"}, whole[:], nil); err == nil {
		f.Type, f.Message = canon.Str(whole[0].Get("type")), canon.Str(whole[0].Get("message"))
		f.RequestID = canon.Str(whole[1])
	}
	f.Foreign = f.Type == "" || f.Message == ""
	f.Kind = faultKind(f.Type, status)
	if f.Status == 0 {
		f.Status = f.Kind.Status()
	}
	if f.Message == "" {
		f.Message = canon.Words(body)
	}
	if f.Message == "" {
		f.Message = "The provider answered with status " + strconv.Itoa(f.Status) + "."
	}
	f.Refine()
	return f
}

func faultKind(name string, status int) canon.FaultKind {
	switch name {
	case "invalid_request_error":
		return canon.FaultRequest
	case "authentication_error":
		return canon.FaultAuthentication
	case "billing_error":
		return canon.FaultBilling
	case "permission_error":
		return canon.FaultPermission
	case "not_found_error":
		return canon.FaultNotFound
	case "request_too_large":
		return canon.FaultTooLarge
	case "rate_limit_error":
		return canon.FaultRateLimit
	case "api_error":
		return canon.FaultServer
	case "timeout_error":
		return canon.FaultTimeout
	case "overloaded_error":
		return canon.FaultOverloaded
	}
	if status == 0 {
		return canon.FaultServer
	}
	return canon.KindOf(status)
}

// EncodeFault appends a fault as an error body to dst and returns the status
// that goes with a provider's: an overload is 529 here, and a cut a 502. A refusal of
// Headgate's own has a code, and its exchange's id as the request's.
func (Dialect) EncodeFault(dst []byte, f *canon.Fault) ([]byte, int) {
	status := f.Kind.Status()
	if f.Status >= 400 && f.Status < 600 {
		status = f.Status
	}
	switch f.Kind {
	case canon.FaultOverloaded:
		status = 529
	case canon.FaultQuota, canon.FaultBilling:
		status = 402
	default: // has the status that it came with, or its kind's
	}
	b := scan.AppendString(append(dst, `{"type":"error","error":{"type":`...), faultType(f.Kind))
	b = scan.AppendString(append(b, `,"message":`...), message(f))
	id := f.RequestID
	if f.Exchange != "" {
		id = f.Exchange
		b = scan.AppendString(append(b, `,"code":`...), f.Code)
		if f.RetryAfter > 0 {
			b = strconv.AppendInt(append(b, `,"retry_after":`...), int64((f.RetryAfter+time.Second-1)/time.Second), 10)
		}
		if f.Param == threadField {
			b = append(b, threadLost...)
		}
	}
	b = append(b, '}')
	if id != "" {
		b = scan.AppendString(append(b, `,"request_id":`...), id)
	}
	return append(b, '}'), status
}

// tooLong begins Anthropic's message about a prompt beyond the model's window. Clients such
// as Claude Code know by it that they have to shorten the conversation.
const tooLong = "prompt is too long"

func message(f *canon.Fault) string {
	if f.Exchange == "" && f.Kind == canon.FaultRequest && f.TooLong() && !strings.Contains(f.Message, tooLong) {
		return tooLong + ": " + f.Message
	}
	return f.Message
}

// threadLost are the details by which Anthropic's SDKs know that the server does not hold this
// conversation: they then go on with its whole history (anthropic-sdk-python 2.12.0,
// lib/threads).
const threadLost = `,"details":{"error_code":"thread_not_found"}`

func faultType(k canon.FaultKind) string {
	switch k {
	case canon.FaultRequest, canon.FaultContent:
		return "invalid_request_error"
	case canon.FaultAuthentication:
		return "authentication_error"
	case canon.FaultBilling, canon.FaultQuota:
		return "billing_error"
	case canon.FaultPermission:
		return "permission_error"
	case canon.FaultNotFound:
		return "not_found_error"
	case canon.FaultTooLarge:
		return "request_too_large"
	case canon.FaultRateLimit:
		return "rate_limit_error"
	case canon.FaultTimeout:
		return "timeout_error"
	case canon.FaultOverloaded:
		return "overloaded_error"
	default:
		return "api_error"
	}
}
