package extproc

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// replyFields are the fields of ProcessingResponse's oneof.
var replyFields = [phases]protowire.Number{
	requestHeaders: numRequestHeadersOut, responseHeaders: numResponseHeadersOut, requestBody: numRequestBodyOut,
	responseBody: numResponseBodyOut, requestTrailers: numRequestTrailersOut, responseTrailers: numResponseTrailersOut,
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
	case r.more > 0: // a Duration
		d := appendEnum(nil, numSeconds, uint64(r.more/time.Second))
		return appendMessage(b, numMoreTime, appendEnum(d, numNanos, uint64(r.more%time.Second)))
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
// request's is repeated.
func (r *reply) encodeModes(b []byte) []byte {
	var modes []byte
	switch {
	case r.stream:
		modes = appendEnum(appendEnum(make([]byte, 0, 8), numRequestBodyMode, bodyBuffered), numResponseBodyMode, bodyStreamed)
	case r.duplex:
		modes = appendEnum(appendEnum(make([]byte, 0, 8), numRequestBodyMode, bodyBuffered), numResponseBodyMode, bodyFullDuplex)
	default:
		return b
	}
	modes = appendEnum(modes, numResponseTrailerMode, trailersSend)
	return appendMessage(b, numModeOverride, modes)
}

// encodePiece writes a BodyResponse with a piece of a duplex stream: a CommonResponse
// with a BodyMutation with a StreamedBodyResponse.
func (r *reply) encodePiece(b []byte) []byte {
	in := appendMessage(make([]byte, 0, len(r.piece.data)+8), numPieceBody, r.piece.data)
	if r.piece.end {
		in = appendEnum(in, numPieceEnd, 1)
	}
	in = appendMessage(nil, numCommonResponse, appendMessage(nil, numBodyMutation, appendMessage(nil, numStreamedResponse, in)))
	return appendMessage(b, replyFields[r.phase], in)
}

// encodePhase writes the HeadersResponse or BodyResponse with its CommonResponse, whose
// size is summed first, because the body comes last in it.
func (r *reply) encodePhase(b []byte) []byte {
	var head []byte
	var body []byte
	replace := false
	if m := r.mutation; m != nil {
		head = noHeaders[:len(noHeaders):len(noHeaders)]
		if headers := encodeHeaders(nil, m, r.status); len(headers) > 0 {
			head = appendMessage(nil, numHeaderMutation, headers)
		}
		body, replace = m.Body, m.Replace
	}
	if r.whole {
		head = appendEnum(head, numStatus, continueAndReplace)
	}
	if r.reroute {
		head = appendEnum(head, numClearRouteCache, 1)
	}
	inner := len(head) + bodySize(body, replace)
	b = protowire.AppendTag(b, replyFields[r.phase], protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(numCommonResponse)+protowire.SizeBytes(inner)))
	b = protowire.AppendTag(b, numCommonResponse, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(inner))
	return appendBody(append(b, head...), body, replace)
}

// noHeaders is a HeaderMutation that changes nothing. It is never written to.
var noHeaders = appendMessage(nil, numHeaderMutation, nil)

// cleared is a BodyMutation that empties the body. It is never written to.
var cleared = appendEnum(nil, numClearBody, 1)

// bodySize is the size of what appendBody writes.
func bodySize(body []byte, replace bool) int {
	switch {
	case !replace:
		return 0
	case len(body) == 0:
		return protowire.SizeTag(numBodyMutation) + protowire.SizeBytes(len(cleared))
	}
	return protowire.SizeTag(numBodyMutation) + protowire.SizeBytes(protowire.SizeTag(numNewBody)+protowire.SizeBytes(len(body)))
}

// appendBody writes CommonResponse's BodyMutation.
func appendBody(b, body []byte, replace bool) []byte {
	switch {
	case !replace:
		return b
	case len(body) == 0:
		return appendMessage(b, numBodyMutation, cleared)
	}
	b = protowire.AppendTag(b, numBodyMutation, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(numNewBody)+protowire.SizeBytes(len(body))))
	return appendMessage(b, numNewBody, body)
}

// encodeHeaders writes a HeaderMutation. Each header replaces what is there: the enum's
// zero value is not that.
func encodeHeaders(b []byte, m *exchange.Mutation, status int) []byte {
	if status > 0 {
		b = encodeHeader(b, ":status", strconv.AppendInt(make([]byte, 0, 4), int64(status), 10))
	}
	for i := range m.Set {
		b = encodeHeader(b, m.Set[i].Name, m.Set[i].Value)
	}
	for _, name := range m.Remove {
		b = protowire.AppendTag(b, numRemoveHeaders, protowire.BytesType)
		b = protowire.AppendString(b, name)
	}
	return b
}

// encodeHeader writes a HeaderValueOption with a HeaderValue and an append action.
func encodeHeader(b []byte, name string, value []byte) []byte {
	pair := protowire.SizeTag(numHeaderKey) + protowire.SizeBytes(len(name)) + protowire.SizeTag(numHeaderRawValue) + protowire.SizeBytes(len(value))
	action := protowire.SizeTag(numAppendAction) + protowire.SizeVarint(overwriteOrAdd)
	b = protowire.AppendTag(b, numSetHeaders, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(numHeader)+protowire.SizeBytes(pair)+action))
	b = protowire.AppendTag(b, numHeader, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(pair))
	b = protowire.AppendTag(b, numHeaderKey, protowire.BytesType)
	b = protowire.AppendString(b, name)
	b = appendMessage(b, numHeaderRawValue, value)
	return appendEnum(b, numAppendAction, overwriteOrAdd)
}

// encodeImmediate writes an ImmediateResponse.
func (r *reply) encodeImmediate(b []byte) []byte {
	in := appendMessage(nil, numImmediateStatus, appendEnum(nil, numStatusCode, uint64(r.status)))
	in = appendMessage(in, numImmediateHeaders, encodeHeaders(nil, r.mutation, 0))
	in = appendMessage(in, numImmediateBody, r.mutation.Body)
	in = appendMessage(in, numImmediateDetails, []byte(r.details))
	return appendMessage(b, numImmediate, in)
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
	return appendMessage(b, numDynamicMetadata, all)
}

// appendNamespace writes a field of a Struct that holds another Struct.
func appendNamespace(b []byte, name string, in []byte) []byte {
	value := protowire.SizeTag(numStructValue) + protowire.SizeBytes(len(in))
	b = appendEntry(b, name, value)
	return appendMessage(b, numStructValue, in)
}

// appendText writes a field of a Struct that holds text.
func appendText(b []byte, key, text string) []byte {
	b = appendEntry(b, key, protowire.SizeTag(numStringValue)+protowire.SizeBytes(len(text)))
	b = protowire.AppendTag(b, numStringValue, protowire.BytesType)
	return protowire.AppendString(b, text)
}

// appendEntry begins a field of a Struct up to its Value, of that size.
func appendEntry(b []byte, key string, value int) []byte {
	b = protowire.AppendTag(b, numStructFields, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(numEntryKey)+protowire.SizeBytes(len(key))+protowire.SizeTag(numEntryValue)+protowire.SizeBytes(value)))
	b = protowire.AppendTag(b, numEntryKey, protowire.BytesType)
	b = protowire.AppendString(b, key)
	b = protowire.AppendTag(b, numEntryValue, protowire.BytesType)
	return protowire.AppendVarint(b, uint64(value))
}

func appendMessage(b []byte, num protowire.Number, in []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), in)
}

func appendEnum(b []byte, num protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), n)
}
