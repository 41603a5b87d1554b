package record

import "github.com/headgate/headgate/extproc/exchange"

// lengthOfTraceparent is that of version 00, in bytes. A later version may say more after it.
const lengthOfTraceparent = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

// traceparentIn returns what the header traceparent says, as far as version 00 of W3C's Trace
// Context goes (https://www.w3.org/TR/trace-context/#traceparent-header); empty: it is not there,
// not once, or not in that form.
func traceparentIn(h exchange.Headers) string {
	var value []byte
	for i := range h {
		if h[i].Name != "traceparent" {
			continue
		}
		if value != nil {
			return ""
		}
		value = h[i].Value
	}
	if !isTraceparent(value) {
		return ""
	}
	return string(value[:lengthOfTraceparent])
}

func isTraceparent(b []byte) bool {
	if len(b) < lengthOfTraceparent || b[2] != '-' || b[35] != '-' || b[52] != '-' {
		return false
	}
	version, trace, parent, flags := b[:2], b[3:35], b[36:52], b[53:55]
	if !isHex(version) || !isHex(trace) || !isHex(parent) || !isHex(flags) || allZero(trace) || allZero(parent) {
		return false
	}
	switch string(version) {
	case "ff":
		return false
	case "00":
		return len(b) == lengthOfTraceparent
	default:
		return len(b) == lengthOfTraceparent || b[lengthOfTraceparent] == '-'
	}
}

// isHex reports whether all bytes are hexadecimal digits, in lower case.
func isHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != '0' {
			return false
		}
	}
	return true
}
