package scan

import "bytes"

const (
	// unbroken is the length, in bytes, from which a string without blanks is data
	// and no text.
	unbroken = 512
	// maxData bounds, in bytes of text, what an image or a document counts for:
	// providers scale images down to some 1,600 tokens.
	maxData = 1600 * 4
)

// Written is the length, in bytes, of what a request makes a model read. The base64
// of an image is a hundred times as long as what it is billed for, so that by its
// bytes one photograph would cost as much as a book.
func Written(body []byte) int64 {
	n := int64(len(body))
	for len(body) > unbroken {
		end := bytes.IndexByte(body, '"')
		if end < 0 {
			end = len(body)
		}
		if isData(body[:end]) {
			n -= max(0, int64(end)-maxData)
		}
		body = body[min(end+1, len(body)):]
	}
	return n
}

// isData reports whether a string holds base64, by its last bytes.
func isData(s []byte) bool {
	if len(s) < unbroken {
		return false
	}
	for _, c := range bytes.ReplaceAll(s[len(s)-unbroken/2:], []byte(`\/`), nil) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '+', c == '/', c == '-', c == '_', c == '=':
		default:
			return false
		}
	}
	return true
}
