package extproc

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// Values of the enums that replies use.
const (
	bodyBuffered         = 2 // ProcessingMode.BodySendMode.BUFFERED
	bodyStreamed         = 1 // ProcessingMode.BodySendMode.STREAMED
	continueAndReplace   = 1 // CommonResponse.ResponseStatus.CONTINUE_AND_REPLACE
	overwriteOrAdd       = 2 // HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
	fieldImmediate       = 7 // of ProcessingResponse
	fieldDynamicMetadata = 8
	fieldModeOverride    = 9
	fieldMoreTime        = 10
	bodyFullDuplex       = 4 // ProcessingMode.BodySendMode.FULL_DUPLEX_STREAMED
	trailersSend         = 1 // ProcessingMode.HeaderSendMode.SEND
)

// replyFields are the fields of ProcessingResponse's oneof.
var replyFields = [phases]protowire.Number{
	requestHeaders: 1, responseHeaders: 2, requestBody: 3, responseBody: 4, requestTrailers: 5, responseTrailers: 6,
}

// plain are the encoded replies that change nothing. They are never written to.
var plain = func() (all [phases][]byte) {
	for p := range phases {
		all[p] = protowire.AppendBytes(protowire.AppendTag(nil, replyFields[p], protowire.BytesType), nil)
	}
	return all
}()

// changes reports whether a reply is other than plain.
func (r *reply) changes() bool {
	return r.deny || r.mutation != nil || len(r.meta) > 0 || r.fit != "" || r.reroute || r.stream || r.duplex || r.piece != nil || r.more > 0
}

// encode appends a reply as a ProcessingResponse. b must be nil or empty.
//
// Nested messages need their length in front: each is written after its place and
// the length put before it, so only headers and metadata ever move, never a body.
func (r *reply) encode(b []byte) []byte {
	switch {
	case r.more > 0: // a Duration: seconds = 1, nanos = 2
		d := appendEnum(nil, 1, uint64(r.more/time.Second))
		return appendMessage(b, fieldMoreTime, appendEnum(d, 2, uint64(r.more%time.Second)))
	case r.deny:
		b = r.encodeImmediate(b)
	case r.piece != nil:
		b = r.encodePiece(b)
	default:
		b = r.encodePhase(b)
	}
	return r.encodeModes(r.encodeMetadata(b))
}

// encodeModes writes the override of the body modes, which are taken literally, so the
// request's is repeated: request_body_mode = 3, response_body_mode = 4,
// response_trailer_mode = 6.
func (r *reply) encodeModes(b []byte) []byte {
	var modes []byte
	switch {
	case r.stream:
		modes = appendEnum(appendEnum(make([]byte, 0, 8), 3, bodyBuffered), 4, bodyStreamed)
	case r.duplex:
		modes = appendEnum(appendEnum(make([]byte, 0, 8), 3, bodyBuffered), 4, bodyFullDuplex)
		modes = appendEnum(modes, 6, trailersSend)
	default:
		return b
	}
	return appendMessage(b, fieldModeOverride, modes)
}

// encodePiece writes a BodyResponse with a piece of a duplex stream: response = 1, a
// CommonResponse with body_mutation = 3, a BodyMutation with streamed_response = 3, of
// body = 1 and end_of_stream = 2.
func (r *reply) encodePiece(b []byte) []byte {
	in := appendMessage(make([]byte, 0, len(r.piece.data)+8), 1, r.piece.data)
	if r.piece.end {
		in = appendEnum(in, 2, 1)
	}
	in = appendMessage(nil, 1, appendMessage(nil, 3, appendMessage(nil, 3, in)))
	return appendMessage(b, replyFields[r.phase], in)
}

// encodePhase writes the HeadersResponse or BodyResponse: response = 1, a
// CommonResponse. Its size is summed first, because the body comes last in it.
func (r *reply) encodePhase(b []byte) []byte {
	var head []byte
	var body []byte
	replace := false
	if m := r.mutation; m != nil {
		head = appendMessage(nil, 2, encodeHeaders(nil, m, r.status))
		body, replace = m.Body, m.Replace
	}
	if r.whole {
		head = appendEnum(head, 1, continueAndReplace)
	}
	if r.reroute {
		head = appendEnum(head, 5, 1)
	}
	inner := len(head) + bodySize(body, replace)
	b = protowire.AppendTag(b, replyFields[r.phase], protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(1)+protowire.SizeBytes(inner)))
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(inner))
	return appendBody(append(b, head...), body, replace)
}

// bodySize is the size of CommonResponse's body_mutation = 3, a BodyMutation with
// body = 1 or clear_body = 2.
func bodySize(body []byte, replace bool) int {
	switch {
	case !replace:
		return 0
	case len(body) == 0:
		return protowire.SizeTag(3) + protowire.SizeBytes(2)
	}
	return protowire.SizeTag(3) + protowire.SizeBytes(protowire.SizeTag(1)+protowire.SizeBytes(len(body)))
}

func appendBody(b, body []byte, replace bool) []byte {
	switch {
	case !replace:
		return b
	case len(body) == 0:
		return appendMessage(b, 3, []byte{2 << 3, 1})
	}
	b = protowire.AppendTag(b, 3, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(1)+protowire.SizeBytes(len(body))))
	return appendMessage(b, 1, body)
}

// encodeHeaders writes a HeaderMutation: set_headers = 1, remove_headers = 2. Each
// header replaces what is there: the enum's zero value is not that.
func encodeHeaders(b []byte, m *exchange.Mutation, status int) []byte {
	if status > 0 {
		b = encodeHeader(b, ":status", strconv.AppendInt(make([]byte, 0, 4), int64(status), 10))
	}
	for i := range m.Set {
		b = encodeHeader(b, m.Set[i].Name, m.Set[i].Value)
	}
	for _, name := range m.Remove {
		b = protowire.AppendTag(b, 2, protowire.BytesType)
		b = protowire.AppendString(b, name)
	}
	return b
}

// encodeHeader writes a HeaderValueOption: header = 1 with key = 1 and
// raw_value = 3, append_action = 3.
func encodeHeader(b []byte, name string, value []byte) []byte {
	pair := protowire.SizeTag(1) + protowire.SizeBytes(len(name)) + protowire.SizeTag(3) + protowire.SizeBytes(len(value))
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(1)+protowire.SizeBytes(pair)+2))
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(pair))
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendString(b, name)
	b = appendMessage(b, 3, value)
	return appendEnum(b, 3, overwriteOrAdd)
}

// encodeImmediate writes an ImmediateResponse: status = 1 with code = 1,
// headers = 2, body = 3, details = 5.
func (r *reply) encodeImmediate(b []byte) []byte {
	in := appendMessage(nil, 1, appendEnum(nil, 1, uint64(r.status)))
	in = appendMessage(in, 2, encodeHeaders(nil, r.mutation, 0))
	in = appendMessage(in, 3, r.mutation.Body)
	in = appendMessage(in, 5, []byte(r.details))
	return appendMessage(b, fieldImmediate, in)
}

// encodeMetadata writes dynamic_metadata, a Struct of namespaces.
func (r *reply) encodeMetadata(b []byte) []byte {
	if len(r.meta) == 0 && r.fit == "" {
		return b
	}
	var all []byte
	if len(r.meta) > 0 {
		in := make([]byte, 0, 256)
		for _, e := range r.meta {
			in = appendText(in, e.key, e.value)
		}
		all = appendNamespace(make([]byte, 0, len(in)+64), policy.MetadataNamespace, in)
	}
	if r.fit != "" {
		all = appendNamespace(all, policy.BalancerNamespace, appendText(nil, policy.FitKey, r.fit))
	}
	return appendMessage(b, fieldDynamicMetadata, all)
}

// appendNamespace writes a field of a Struct that holds another Struct:
// fields = 1, an entry of key = 1 and value = 2, a Value with struct_value = 5.
func appendNamespace(b []byte, name string, in []byte) []byte {
	value := protowire.SizeTag(5) + protowire.SizeBytes(len(in))
	b = appendEntry(b, name, value)
	return appendMessage(b, 5, in)
}

// appendText writes a field of a Struct that holds text: a Value with
// string_value = 3.
func appendText(b []byte, key, text string) []byte {
	b = appendEntry(b, key, protowire.SizeTag(3)+protowire.SizeBytes(len(text)))
	b = protowire.AppendTag(b, 3, protowire.BytesType)
	return protowire.AppendString(b, text)
}

// appendEntry begins a field of a Struct up to its Value, of that size.
func appendEntry(b []byte, key string, value int) []byte {
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(1)+protowire.SizeBytes(len(key))+protowire.SizeTag(2)+protowire.SizeBytes(value)))
	b = protowire.AppendTag(b, 1, protowire.BytesType)
	b = protowire.AppendString(b, key)
	b = protowire.AppendTag(b, 2, protowire.BytesType)
	return protowire.AppendVarint(b, uint64(value))
}

func appendMessage(b []byte, num protowire.Number, in []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), in)
}

func appendEnum(b []byte, num protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), n)
}
