package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

// DecodeFault reads the body of an answer with an error status, which is as of OpenAI's
// other APIs. A response that failed says why by codes of its own.
func (Dialect) DecodeFault(status int, body []byte) *canon.Fault {
	f := openai.Dialect{}.DecodeFault(status, body)
	if status == 0 {
		if kind, ok := failures[f.Code]; ok {
			f.Kind, f.Status = kind, kind.Status()
		}
	}
	return f
}

// readFault reads an error in a 200 response: the object that has it as its member error,
// or that is one.
func readFault(object []byte) *canon.Fault { return Dialect{}.DecodeFault(0, object) }

// failures are the codes of responses that failed, as the vendor's SDK names them
// (openai-go v3.98.0: ResponseErrorCode), but for those that OpenAI's other APIs have too.
var failures = map[string]canon.FaultKind{
	"server_error":                   canon.FaultServer,
	"vector_store_timeout":           canon.FaultTimeout,
	"invalid_prompt":                 canon.FaultRequest,
	"data_residency_mismatch":        canon.FaultRequest,
	"bio_policy":                     canon.FaultContent,
	"misalignment_policy_violation":  canon.FaultContent,
	"image_content_policy_violation": canon.FaultContent,
	"invalid_image":                  canon.FaultRequest,
	"invalid_image_format":           canon.FaultRequest,
	"invalid_base64_image":           canon.FaultRequest,
	"invalid_image_url":              canon.FaultRequest,
	"invalid_image_mode":             canon.FaultRequest,
	"image_too_large":                canon.FaultRequest,
	"image_too_small":                canon.FaultRequest,
	"image_parse_error":              canon.FaultRequest,
	"image_file_too_large":           canon.FaultRequest,
	"unsupported_image_media_type":   canon.FaultRequest,
	"empty_image_file":               canon.FaultRequest,
	"failed_to_download_image":       canon.FaultRequest,
	"image_file_not_found":           canon.FaultRequest,
}
