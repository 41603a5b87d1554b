package canon

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/extproc/scan"
)

// Nonsense says what is wrong with a field's value that no server takes, as a clause;
// empty: nothing, as far as is known. What passes in its own dialect is the server's to
// refuse; what is translated must make sense, or the link is left out.
func (f Field) Nonsense(v scan.Value) string {
	switch f {
	case Temperature:
		return within(v, 0, 2, "it must be a number from 0 to 2")
	case TopP:
		return within(v, 0, 1, "it must be a number from 0 to 1")
	case PresencePenalty, FrequencyPenalty:
		return within(v, -2, 2, "it must be a number from -2 to 2")
	case TopK:
		return whole(v, 0, 1<<53, "it must be a whole number, 0 or more")
	case N:
		return whole(v, 1, 128, "it must be a whole number from 1 to 128")
	case TopLogprobs:
		return whole(v, 0, 20, "it must be a whole number from 0 to 20")
	case Seed:
		return whole(v, -1<<62, 1<<62, "it must be a whole number")
	case Logprobs, Parallel, Store:
		return of(v, scan.Bool, "it must be true or false")
	case LogitBias, Metadata:
		return of(v, scan.Object, "it must be an object")
	case User, SafetyIdentifier, PromptCacheKey, ServiceTier:
		return of(v, scan.String, "it must be a string")
	case CacheControl:
		return cacheNonsense(v)
	default:
		return ""
	}
}

func within(v scan.Value, low, high float64, must string) string {
	x, err := strconv.ParseFloat(string(v), 64)
	if v.Kind() != scan.Number || err != nil || x < low || x > high {
		return must
	}
	return ""
}

func whole(v scan.Value, low, high int64, must string) string {
	if n, ok := v.Int(); !ok || n < low || n > high {
		return must
	}
	return ""
}

func of(v scan.Value, kind scan.Kind, must string) string {
	if v.Kind() != kind {
		return must
	}
	return ""
}

func cacheNonsense(v scan.Value) string {
	ttl := v.Get("ttl")
	switch {
	case string(Inside(v.Get("type"))) != "ephemeral":
		return "its type must be ephemeral"
	case ttl == nil || ttl.Kind() == scan.Null || string(ttl) == `"5m"` || string(ttl) == `"1h"`:
		return ""
	}
	return "its ttl must be 5m or 1h"
}

// IsWebAddress reports whether escaped text is an address that a server can fetch from.
func IsWebAddress(text []byte) bool {
	text = Plainly(text)
	for _, scheme := range []string{"https://", "http://"} {
		if len(text) > len(scheme) && bytes.EqualFold(text[:len(scheme)], []byte(scheme)) {
			return true
		}
	}
	return false
}

// Plainly returns escaped text without escapes.
func Plainly(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	return scan.Unescape(text)
}
