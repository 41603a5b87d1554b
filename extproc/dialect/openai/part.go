package openai

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Members of a content part.
const (
	partType = iota
	partText
	partRefusal
	partImage
	partAudio
	partFile
	partThinking
	partCache
	partMembers
)

var contentMembers = []string{"type", "text", "refusal", "image_url", "input_audio", "file", "thinking", "cache_control"}

// readPart reads one element of a content list.
func readPart(v scan.Value, p *canon.Part) error {
	if v.Kind() != scan.Object {
		return fmt.Errorf("must be an object")
	}
	var f [partMembers]scan.Value
	var err error
	if p.Extra, err = canon.Pick(v.Fields(), contentMembers, f[:], nil); err != nil {
		return err
	}
	p.Raw, p.Cache, p.Type = v, f[partCache], canon.Inside(f[partType])
	switch string(p.Type) {
	case "text":
		p.Kind, p.Text = canon.Text, f[partText]
		return wantString(p.Text, "text")
	case "refusal":
		p.Kind, p.Text = canon.Refusal, f[partRefusal]
		return wantString(p.Text, "refusal")
	case "image_url":
		return readImage(f[partImage], p)
	case "input_audio":
		p.Kind = canon.Audio
		p.Media, p.Data = canon.Inside(f[partAudio].Get("format")), canon.Inside(f[partAudio].Get("data"))
		if p.Data == nil {
			return fmt.Errorf("input_audio.data must be a string")
		}
	case "file":
		return readFile(f[partFile], p)
	case "thinking":
		p.Kind, p.Text = canon.Thinking, thinkingText(f[partThinking])
		return wantString(p.Text, "thinking")
	}
	return nil
}

func wantString(v scan.Value, name string) error {
	if v.Kind() != scan.String {
		return fmt.Errorf("%s must be a string", name)
	}
	return nil
}

// readImage reads an image's address, which some servers take as a bare string.
func readImage(v scan.Value, p *canon.Part) error {
	p.Kind = canon.Image
	url := v
	if v.Kind() == scan.Object {
		url, p.Detail = v.Get("url"), v.Get("detail")
	}
	if url.Kind() != scan.String {
		return fmt.Errorf("image_url.url must be a string")
	}
	p.Source = canon.FromURL
	p.Data = canon.Inside(url)
	if isDataURI(p.Data) {
		p.Source = dataURI(p.Data, p)
	}
	return nil
}

func readFile(v scan.Value, p *canon.Part) error {
	p.Kind = canon.Document
	p.Name = v.Get("filename")
	if id := v.Get("file_id"); id.Kind() == scan.String {
		p.Source, p.Data = canon.FromFile, canon.Inside(id)
		return nil
	}
	data := canon.Inside(v.Get("file_data"))
	if data == nil {
		return fmt.Errorf("file needs file_data or file_id")
	}
	p.Source = dataURI(data, p)
	plainText(p)
	return nil
}

const (
	dataScheme = "data:"
	base64Mark = ";base64"
)

// isDataURI reports whether an address holds its data. Schemes have no case.
func isDataURI(uri []byte) bool {
	return len(uri) >= len(dataScheme) && bytes.EqualFold(uri[:len(dataScheme)], []byte(dataScheme))
}

// dataURI splits data:MEDIA;base64,DATA, in letters of any case. Any other form is
// FromOther.
func dataURI(uri []byte, p *canon.Part) canon.Source {
	head, data, ok := bytes.Cut(uri, []byte(","))
	n := len(head) - len(base64Mark)
	if !ok || !isDataURI(head) || n < len(dataScheme) || !bytes.EqualFold(head[n:], []byte(base64Mark)) {
		return canon.FromOther
	}
	media, _, _ := bytes.Cut(head[len(dataScheme):n], []byte(";")) // without its parameters
	if bytes.ContainsFunc(media, unicode.IsUpper) {
		media = bytes.ToLower(media)
	}
	p.Media, p.Data = media, data
	return canon.FromBase64
}

// plainText reads a file of plain text, which no provider takes as data, as its text.
func plainText(p *canon.Part) {
	if p.Source != canon.FromBase64 || !bytes.Equal(p.Media, []byte("text/plain")) {
		return
	}
	text, err := base64.StdEncoding.DecodeString(canon.Str(canon.AppendQuoted(nil, p.Data)))
	if err == nil && utf8.Valid(text) {
		p.Source, p.Text, p.Data = canon.FromText, scan.AppendString(nil, string(text)), nil
	}
}

// thinkingText joins the texts of a chunk list such as Mistral's thinking parts.
func thinkingText(v scan.Value) scan.Value {
	if v.Kind() != scan.Array {
		return v
	}
	text := scan.Value(`"`)
	e := v.Elements()
	for e.Next() {
		text = append(text, canon.Inside(e.Value().Get("text"))...)
	}
	return append(text, '"')
}
