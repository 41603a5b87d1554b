package canon

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/scan"
)

const (
	dataScheme = "data:"
	base64Mark = ";base64"
)

// IsDataURI reports whether an address, escaped, holds its data. Schemes have no case.
func IsDataURI(uri []byte) bool {
	return len(uri) >= len(dataScheme) && bytes.EqualFold(uri[:len(dataScheme)], []byte(dataScheme))
}

// ReadDataURI splits data:MEDIA;base64,DATA, in letters of any case. Any other form is
// FromOther.
func (p *Part) ReadDataURI(uri []byte) {
	head, data, ok := bytes.Cut(uri, []byte(","))
	n := len(head) - len(base64Mark)
	if !ok || !IsDataURI(head) || n < len(dataScheme) || !bytes.EqualFold(head[n:], []byte(base64Mark)) {
		p.Source = FromOther
		return
	}
	media, _, _ := bytes.Cut(head[len(dataScheme):n], []byte(";")) // without its parameters
	if bytes.ContainsFunc(media, func(r rune) bool { return r >= 'A' && r <= 'Z' }) {
		media = bytes.ToLower(media)
	}
	p.Source, p.Media, p.Data = FromBase64, media, data
}

// ReadPlainText reads a file of text, which no provider takes as data, as its text. The
// data stays, as that is what stands in the body.
func (p *Part) ReadPlainText() {
	if p.Source != FromBase64 || !bytes.HasPrefix(p.Media, []byte("text/")) {
		return
	}
	text, err := base64.StdEncoding.DecodeString(Str(AppendQuoted(nil, p.Data)))
	if err == nil && utf8.Valid(text) {
		p.Source, p.Text = FromText, scan.AppendString(nil, string(text))
	}
}
