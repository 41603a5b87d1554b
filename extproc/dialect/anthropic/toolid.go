package anthropic

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// idPrefix marks ids of tool calls that another dialect made and that do not fit
// Anthropic's pattern ^[a-zA-Z0-9_-]+$: after it stands the id in URL-safe base64.
// An id that looks so by itself is encoded too, so that every id comes back as
// it was and no two become one.
const idPrefix = "hgid_"

// appendID appends a tool call's id in a form that Anthropic takes.
func appendID(dst []byte, id scan.Value) []byte {
	in := canon.Inside(id)
	if plain(in) && !bytes.HasPrefix(in, []byte(idPrefix)) {
		return append(dst, id...)
	}
	dst = append(append(dst, '"'), idPrefix...)
	dst = base64.RawURLEncoding.AppendEncode(dst, []byte(canon.Str(id)))
	return append(dst, '"')
}

func plain(id []byte) bool {
	for _, c := range id {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-') {
			return false
		}
	}
	return len(id) > 0
}

// clientID returns the id that appendID was given.
func clientID(id scan.Value) scan.Value {
	in, ok := bytes.CutPrefix(canon.Inside(id), []byte(idPrefix))
	if !ok {
		return id
	}
	was, err := base64.RawURLEncoding.Strict().AppendDecode(nil, in)
	if err != nil || !utf8.Valid(was) || plain(was) && !bytes.HasPrefix(was, []byte(idPrefix)) {
		return id
	}
	return scan.AppendString(nil, string(was))
}
