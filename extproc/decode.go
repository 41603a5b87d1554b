package extproc

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
)

// errTruncated says that a message ended inside a field.
var errTruncated = errors.New("truncated message")

// phaseFields are the fields of the request oneof.
var phaseFields = map[protowire.Number]phase{
	numRequestHeadersIn: requestHeaders, numResponseHeadersIn: responseHeaders, numRequestBodyIn: requestBody,
	numResponseBodyIn: responseBody, numRequestTrailersIn: requestTrailers, numResponseTrailersIn: responseTrailers,
}

// decode reads a ProcessingRequest. The event aliases b. The generated types decode each
// header into objects of its own: an exchange needs none of them, and decoding was a
// seventh of what it cost.
func (ev *event) decode(b []byte) error {
	*ev = event{bytes: b, phase: phases}
	err := fields(b, func(num protowire.Number, v []byte, _ uint64) error {
		switch num {
		case numMetadataContext:
			return ev.decodeMetadata(v)
		case numAttributes:
			return ev.decodeAttributes(v)
		case numProtocolConfig:
			return ev.decodeProtocol(v)
		}
		p, ok := phaseFields[num]
		if !ok {
			return nil
		}
		ev.phase = p
		switch p {
		case requestHeaders, responseHeaders:
			return ev.decodeHeaders(v)
		case requestBody, responseBody:
			return ev.decodeBody(v)
		default:
			return nil
		}
	})
	if err == nil && ev.phase == phases {
		return errors.New("a message of no known kind")
	}
	return err
}

// decodeHeaders reads HttpHeaders.
func (ev *event) decodeHeaders(b []byte) error {
	ev.headers = make(exchange.Headers, 0, 24)
	return fields(b, func(num protowire.Number, v []byte, n uint64) error {
		switch num {
		case numHeaderMap:
			return fields(v, func(num protowire.Number, v []byte, _ uint64) error {
				if num != numHeaderMapHeaders {
					return nil
				}
				return ev.decodeHeader(v)
			})
		case numHeadersEnd:
			ev.end = n != 0
		}
		return nil
	})
}

// decodeHeader reads a HeaderValue, whose value Envoy sends raw.
func (ev *event) decodeHeader(b []byte) error {
	var h exchange.Header
	err := fields(b, func(num protowire.Number, v []byte, _ uint64) error {
		switch num {
		case numHeaderKey:
			h.Name = name(v)
		case numHeaderValue:
			if h.Value == nil {
				h.Value = v
			}
		case numHeaderRawValue:
			h.Value = v
		}
		return nil
	})
	if h.Value == nil {
		h.Value = []byte{}
	}
	ev.headers = append(ev.headers, h)
	return err
}

// decodeBody reads HttpBody.
func (ev *event) decodeBody(b []byte) error {
	return fields(b, func(num protowire.Number, v []byte, n uint64) error {
		switch num {
		case numBody:
			ev.body = v
		case numBodyEnd:
			ev.end = n != 0
		}
		return nil
	})
}

// decodeProtocol reads ProtocolConfiguration.
func (ev *event) decodeProtocol(b []byte) error {
	ev.modes = &bodyModes{}
	return fields(b, func(num protowire.Number, _ []byte, n uint64) error {
		switch num {
		case numRequestMode:
			ev.modes.request = n
		case numResponseMode:
			ev.modes.response = n
		case numBodyWithoutAnswer:
			ev.modes.gate = n != 0
		}
		return nil
	})
}

// decodeMetadata reads the exchange's id, and whose it is, from Metadata, a map of namespaces to
// structs.
func (ev *event) decodeMetadata(b []byte) error {
	return entries(b, numFilterMetadata, func(namespace string, v []byte) error {
		if namespace != policy.MetadataNamespace {
			return nil
		}
		return texts(v, func(key, value string) {
			switch key {
			case policy.ExchangeKey:
				ev.exchange = value
			case policy.GenerationKey:
				ev.generation = value
			}
		})
	})
}

// decodeAttributes reads which backend, and which of its models, Envoy chose, or who is
// at the other end of the connection. Each entry of the attributes map is a field of its own.
func (ev *event) decodeAttributes(b []byte) error {
	_, v, err := mapEntry(b)
	if err != nil {
		return err
	}
	return texts(v, func(key, value string) {
		switch {
		case strings.HasSuffix(key, "['"+policy.BackendKey+"']"):
			ev.backend = value
		case strings.HasSuffix(key, "['"+policy.ModelKey+"']"):
			ev.backedModel = value
		case strings.HasSuffix(key, peerSuffix):
			ev.setPeer(key, value)
		case key == policy.PeerAddress:
			ev.address = value
		}
	})
}

// texts calls f for each text value of a Struct.
func texts(b []byte, f func(key, value string)) error {
	return entries(b, numStructFields, func(key string, v []byte) error {
		return fields(v, func(num protowire.Number, v []byte, _ uint64) error {
			if num == numStringValue {
				f(key, string(v))
			}
			return nil
		})
	})
}

// entries calls f for each entry of a map with message values.
func entries(b []byte, field protowire.Number, f func(key string, value []byte) error) error {
	return fields(b, func(num protowire.Number, v []byte, _ uint64) error {
		if num != field {
			return nil
		}
		key, value, err := mapEntry(v)
		if err != nil {
			return err
		}
		return f(key, value)
	})
}

// mapEntry reads one entry of a map.
func mapEntry(b []byte) (key string, value []byte, err error) {
	err = fields(b, func(num protowire.Number, v []byte, _ uint64) error {
		switch num {
		case numEntryKey:
			key = string(v)
		case numEntryValue:
			value = v
		}
		return nil
	})
	return key, value, err
}

// fields calls f for each field of a message: with its bytes, or its number if
// it is a varint. Other kinds are skipped.
func fields(b []byte, f func(num protowire.Number, v []byte, n uint64) error) error {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: %w", errTruncated, protowire.ParseError(n))
		}
		b = b[n:]
		var v []byte
		var number uint64
		switch kind {
		case protowire.BytesType:
			v, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(b)
		default:
			n = protowire.ConsumeFieldValue(num, kind, b)
		}
		if n < 0 {
			return fmt.Errorf("%w: %w", errTruncated, protowire.ParseError(n))
		}
		b = b[n:]
		if kind != protowire.BytesType && kind != protowire.VarintType {
			continue
		}
		if err := f(num, v[:len(v):len(v)], number); err != nil {
			return err
		}
	}
	return nil
}

// known are header names that nearly every message carries: their text is shared
// instead of copied.
var known = func() map[string]string {
	m := make(map[string]string)
	for _, n := range []string{
		":authority", ":method", ":path", ":scheme", ":status", "accept", "accept-encoding", "authorization", "cache-control",
		"content-length", "content-type", "date", "host", "server", "user-agent", "transfer-encoding", "x-api-key",
		"x-envoy-attempt-count", "x-envoy-upstream-service-time", "x-forwarded-for", "x-forwarded-proto", "x-request-id",
		"openai-processing-ms", "openai-version", "anthropic-version", policy.RouteHeader, "retry-after",
		"x-ratelimit-limit-requests", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-requests",
		"x-ratelimit-remaining-tokens", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "x-content-type-options", "traceparent", record.ClientRequestHeader, policy.RequestIDHeader,
	} {
		m[n] = n
	}
	return m
}()

func name(b []byte) string {
	if s, ok := known[string(b)]; ok {
		return s
	}
	return string(b)
}
