package canon

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

// AppendAnswerID appends the id by which the client is to know an answer. One of a server of
// the client's own dialect stays as it came. That of another begins as those of the dialect
// do, which some clients look at, and ends as the server's own, by which it is found in logs.
// If the server gave none, or one that is no id elsewhere, it is the exchange's.
func (c *Client) AppendAnswerID(dst []byte, id scan.Value, prefix string) []byte {
	in := Inside(id)
	switch {
	case c.Own && len(in) > 0, bytes.HasPrefix(in, []byte(prefix)) && Plain(in):
		return append(dst, id...)
	case Plain(in):
		in = withoutPrefix(in)
	default:
		in = Inside(scan.AppendString(nil, c.ID))
	}
	return append(append(append(append(dst, '"'), prefix...), in...), '"')
}

// withoutPrefix returns an id without the word that it begins with, such as msg_ or chatcmpl-.
func withoutPrefix(id []byte) []byte {
	n := 0
	for n < len(id) && id[n] >= 'a' && id[n] <= 'z' {
		n++
	}
	if n == 0 || n+1 >= len(id) || id[n] != '_' && id[n] != '-' {
		return id
	}
	return id[n+1:]
}

// AppendModel appends the name of the model that answered: that which the server gave, or
// else the one that the client asked for.
func (c *Client) AppendModel(dst []byte, model scan.Value) []byte {
	if model.Kind() == scan.String && !Empty(model) {
		return append(dst, model...)
	}
	return scan.AppendString(dst, c.Model)
}
