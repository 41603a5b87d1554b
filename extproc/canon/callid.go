package canon

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/scan"
)

// Servers name the calls of tools as they like: twice the same in an answer or in each
// of them, with nothing, or with characters that another server refuses. What a call is
// known by is therefore the server's own id and a number that sets it apart from earlier
// calls of that id in the conversation (Part.Twin). A client sees both in one id, from
// which both are read again: nothing has to be remembered between requests.

// idPrefix begins an id that Headgate wrote: after it stand the number, if it is not 0,
// an underscore, and the server's id in URL-safe base64. An id that begins so by itself
// is written so too, so that every id comes back as it was and no two become one.
const idPrefix = "hgid"

// AppendCallID appends the id by which a client is to know a call. Plain ids hold
// letters, digits, underscores and hyphens only.
func AppendCallID(dst []byte, id scan.Value, twin int32, plain bool) []byte {
	in := Inside(id)
	if twin <= 0 && len(in) > 0 && !marked(in) && (!plain || Plain(in)) {
		return append(dst, id...)
	}
	dst = append(append(dst, '"'), idPrefix...)
	if twin > 0 {
		dst = strconv.AppendInt(dst, int64(twin), 10)
	}
	dst = base64.RawURLEncoding.AppendEncode(append(dst, '_'), []byte(Str(id)))
	return append(dst, '"')
}

// marked reports whether an id begins as those that Headgate writes.
func marked(id []byte) bool {
	_, _, ok := cutMark(id)
	return ok
}

func cutMark(id []byte) (number, rest []byte, ok bool) {
	id, ok = bytes.CutPrefix(id, []byte(idPrefix))
	if !ok {
		return nil, nil, false
	}
	n := 0
	for n < len(id) && id[n] >= '0' && id[n] <= '9' {
		n++
	}
	if n == len(id) || id[n] != '_' {
		return nil, nil, false
	}
	return id[:n], id[n+1:], true
}

// Plain reports whether a name or an id, escaped, holds letters, digits, underscores
// and hyphens only, and at least one of them.
func Plain(id []byte) bool {
	for _, c := range id {
		if !plainByte(c) {
			return false
		}
	}
	return len(id) > 0
}

func plainByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-'
}

// ServerCallID returns the id that a server gives a call, which is the nth of its answer.
// A number is read as the text that it is written with. If there is no id, one is made
// of the answer's.
func ServerCallID(v, answer scan.Value, n int) scan.Value {
	switch {
	case v.Kind() == scan.Number:
		return AppendQuoted(nil, v)
	case v.Kind() == scan.String && !Empty(v):
		return v
	}
	id := append(append(scan.Value(`"call_`), Inside(answer)...), '_')
	return append(strconv.AppendInt(id, int64(n), 10), '"')
}

// ReadCallID returns what AppendCallID was given. A number is read as the text that it
// is written with; any other value is no id.
func ReadCallID(v scan.Value) (id scan.Value, twin int32) {
	switch {
	case v.Kind() == scan.Number:
		return AppendQuoted(nil, v), 0
	case v.Kind() != scan.String || Empty(v):
		return nil, 0
	}
	number, rest, ok := cutMark(Inside(v))
	if !ok {
		return v, 0
	}
	was, err := base64.RawURLEncoding.Strict().AppendDecode(nil, rest)
	if err != nil || !utf8.Valid(was) {
		return v, 0
	}
	n, err := strconv.ParseInt(string(number), 10, 32)
	switch {
	case len(number) == 0 && Plain(was) && !marked(was), // nobody had to write it so
		len(number) > 0 && (err != nil || n == 0 || number[0] == '0'):
		return v, 0
	case len(was) == 0:
		return nil, int32(n)
	}
	return scan.AppendString(nil, string(was)), int32(n)
}

// hashed is what stands for an id or a name that a server does not take.
type hashed uint64

func hash(text string, twin int32) hashed {
	var b [128]byte
	sum := sha256.Sum256(binary.BigEndian.AppendUint32(append(b[:0], text...), uint32(twin)))
	return hashed(binary.BigEndian.Uint64(sum[:]))
}

// append appends n letters and digits that follow from the hash; ten hold all of it
// that counts.
func (h hashed) append(dst []byte, n int) []byte {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for range n {
		dst = append(dst, digits[h%62])
		h /= 62
	}
	return dst
}

// AppendHashedID appends n letters and digits that stand for a call, for a server that
// does not take its id.
func AppendHashedID(dst []byte, id scan.Value, twin int32, n int) []byte {
	return append(hash(Str(id), twin).append(append(dst, '"'), n), '"')
}
