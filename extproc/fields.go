package extproc

import "google.golang.org/protobuf/encoding/protowire"

// Field numbers of the messages that the codec reads and writes. A comment names the
// field, or fields, and how it is encoded: a test compares both with the descriptors of
// the generated types.
const (
	numRequestHeadersIn   protowire.Number = 2  // ProcessingRequest.request_headers: bytes
	numResponseHeadersIn  protowire.Number = 3  // ProcessingRequest.response_headers: bytes
	numRequestBodyIn      protowire.Number = 4  // ProcessingRequest.request_body: bytes
	numResponseBodyIn     protowire.Number = 5  // ProcessingRequest.response_body: bytes
	numRequestTrailersIn  protowire.Number = 6  // ProcessingRequest.request_trailers: bytes
	numResponseTrailersIn protowire.Number = 7  // ProcessingRequest.response_trailers: bytes
	numMetadataContext    protowire.Number = 8  // ProcessingRequest.metadata_context: bytes
	numAttributes         protowire.Number = 9  // ProcessingRequest.attributes: bytes
	numProtocolConfig     protowire.Number = 11 // ProcessingRequest.protocol_config: bytes

	numHeaderMap         protowire.Number = 1 // HttpHeaders.headers: bytes
	numHeadersEnd        protowire.Number = 3 // HttpHeaders.end_of_stream: varint
	numHeaderMapHeaders  protowire.Number = 1 // HeaderMap.headers: bytes
	numHeaderKey         protowire.Number = 1 // HeaderValue.key: bytes
	numHeaderValue       protowire.Number = 2 // HeaderValue.value: bytes
	numHeaderRawValue    protowire.Number = 3 // HeaderValue.raw_value: bytes
	numBody              protowire.Number = 1 // HttpBody.body: bytes
	numBodyEnd           protowire.Number = 2 // HttpBody.end_of_stream: varint
	numRequestMode       protowire.Number = 1 // ProtocolConfiguration.request_body_mode: varint
	numResponseMode      protowire.Number = 2 // ProtocolConfiguration.response_body_mode: varint
	numBodyWithoutAnswer protowire.Number = 3 // ProtocolConfiguration.send_body_without_waiting_for_header_response: varint
	numFilterMetadata    protowire.Number = 1 // Metadata.filter_metadata: bytes

	numStructFields protowire.Number = 1 // Struct.fields: bytes
	numEntryKey     protowire.Number = 1 // Struct.FieldsEntry.key, Metadata.FilterMetadataEntry.key, ProcessingRequest.AttributesEntry.key: bytes
	numEntryValue   protowire.Number = 2 // Struct.FieldsEntry.value, Metadata.FilterMetadataEntry.value, ProcessingRequest.AttributesEntry.value: bytes
	numStringValue  protowire.Number = 3 // Value.string_value: bytes
	numStructValue  protowire.Number = 5 // Value.struct_value: bytes
)

// Field numbers of replies.
const (
	numRequestHeadersOut   protowire.Number = 1  // ProcessingResponse.request_headers: bytes
	numResponseHeadersOut  protowire.Number = 2  // ProcessingResponse.response_headers: bytes
	numRequestBodyOut      protowire.Number = 3  // ProcessingResponse.request_body: bytes
	numResponseBodyOut     protowire.Number = 4  // ProcessingResponse.response_body: bytes
	numRequestTrailersOut  protowire.Number = 5  // ProcessingResponse.request_trailers: bytes
	numResponseTrailersOut protowire.Number = 6  // ProcessingResponse.response_trailers: bytes
	numImmediate           protowire.Number = 7  // ProcessingResponse.immediate_response: bytes
	numDynamicMetadata     protowire.Number = 8  // ProcessingResponse.dynamic_metadata: bytes
	numModeOverride        protowire.Number = 9  // ProcessingResponse.mode_override: bytes
	numMoreTime            protowire.Number = 10 // ProcessingResponse.override_message_timeout: bytes

	numSeconds             protowire.Number = 1 // Duration.seconds: varint
	numNanos               protowire.Number = 2 // Duration.nanos: varint
	numRequestBodyMode     protowire.Number = 3 // ProcessingMode.request_body_mode: varint
	numResponseBodyMode    protowire.Number = 4 // ProcessingMode.response_body_mode: varint
	numResponseTrailerMode protowire.Number = 6 // ProcessingMode.response_trailer_mode: varint

	numCommonResponse   protowire.Number = 1 // HeadersResponse.response, BodyResponse.response: bytes
	numStatus           protowire.Number = 1 // CommonResponse.status: varint
	numHeaderMutation   protowire.Number = 2 // CommonResponse.header_mutation: bytes
	numBodyMutation     protowire.Number = 3 // CommonResponse.body_mutation: bytes
	numClearRouteCache  protowire.Number = 5 // CommonResponse.clear_route_cache: varint
	numNewBody          protowire.Number = 1 // BodyMutation.body: bytes
	numClearBody        protowire.Number = 2 // BodyMutation.clear_body: varint
	numStreamedResponse protowire.Number = 3 // BodyMutation.streamed_response: bytes
	numPieceBody        protowire.Number = 1 // StreamedBodyResponse.body: bytes
	numPieceEnd         protowire.Number = 2 // StreamedBodyResponse.end_of_stream: varint

	numSetHeaders    protowire.Number = 1 // HeaderMutation.set_headers: bytes
	numRemoveHeaders protowire.Number = 2 // HeaderMutation.remove_headers: bytes
	numHeader        protowire.Number = 1 // HeaderValueOption.header: bytes
	numAppendAction  protowire.Number = 3 // HeaderValueOption.append_action: varint

	numImmediateStatus  protowire.Number = 1 // ImmediateResponse.status: bytes
	numImmediateHeaders protowire.Number = 2 // ImmediateResponse.headers: bytes
	numImmediateBody    protowire.Number = 3 // ImmediateResponse.body: bytes
	numImmediateDetails protowire.Number = 5 // ImmediateResponse.details: bytes
	numStatusCode       protowire.Number = 1 // HttpStatus.code: varint
)

// Values of the enums that the codec reads and writes.
const (
	bodyStreamed       = 1 // ProcessingMode.STREAMED
	bodyBuffered       = 2 // ProcessingMode.BUFFERED
	bodyFullDuplex     = 4 // ProcessingMode.FULL_DUPLEX_STREAMED
	trailersSend       = 1 // ProcessingMode.SEND
	continueAndReplace = 1 // CommonResponse.CONTINUE_AND_REPLACE
	overwriteOrAdd     = 2 // HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
)
