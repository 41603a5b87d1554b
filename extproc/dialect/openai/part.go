package openai

import (
	"bytes"
	"fmt"

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
	partBreakpoint
	partMembers
)

var contentMembers = []string{"type", "text", "refusal", "image_url", "input_audio", "file", "thinking", "cache_control", canon.Breakpoint}

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
	p.ReadBreakpoint(f[partBreakpoint])
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
		return readAudio(f[partAudio], p)
	case "file":
		return readFile(f[partFile], p)
	case "thinking":
		p.Kind, p.Text = canon.Thinking, thinkingText(f[partThinking])
		return wantString(p.Text, "thinking")
	}
	return nil
}

var (
	imageMembers = []string{"url", "detail"}
	audioMembers = []string{"data", "format"}
	fileMembers  = []string{"filename", "file_id", "file_data"}
)

// within reads the members of an object in a part.
func within(p *canon.Part, at string, v scan.Value, names []string, into []scan.Value) (err error) {
	n := len(p.Extra)
	p.Extra, err = canon.PickInside(at, v, names, into, p.Extra)
	canon.Tunes(p.Extra[n:], tuningOfParts...)
	return err
}

func readAudio(v scan.Value, p *canon.Part) error {
	p.Kind = canon.Audio
	var f [2]scan.Value
	if err := within(p, "input_audio", v, audioMembers, f[:]); err != nil {
		return err
	}
	p.Data, p.Media = canon.Inside(f[0]), canon.Inside(f[1])
	return first(wantString(f[0], "input_audio.data"), want(f[1], scan.String, "input_audio.format"))
}

// readImage reads an image's address, which some servers take as a bare string.
func readImage(v scan.Value, p *canon.Part) error {
	p.Kind = canon.Image
	url := v
	if v.Kind() == scan.Object {
		var f [2]scan.Value
		if err := within(p, "image_url", v, imageMembers, f[:]); err != nil {
			return err
		}
		url, p.Detail = f[0], f[1]
	}
	if err := first(wantString(url, "image_url.url"), want(p.Detail, scan.String, "image_url.detail")); err != nil {
		return err
	}
	p.Source = canon.FromURL
	p.Data = canon.Inside(url)
	if canon.IsDataURI(p.Data) {
		p.ReadDataURI(p.Data)
	}
	return nil
}

func readFile(v scan.Value, p *canon.Part) error {
	p.Kind = canon.Document
	var f [3]scan.Value
	if err := within(p, "file", v, fileMembers, f[:]); err != nil {
		return err
	}
	p.Name = f[0]
	data := canon.Inside(f[2])
	switch {
	case f[1].Kind() == scan.String:
		p.Source, p.Data = canon.FromFile, canon.Inside(f[1])
	case data == nil:
		return fmt.Errorf("file needs file_data or file_id")
	case bytes.HasPrefix(data, []byte("https://")): // as OpenRouter takes it
		p.Source, p.Data = canon.FromURL, data
	default:
		p.ReadDataURI(data)
		p.ReadPlainText()
	}
	return want(p.Name, scan.String, "file.filename")
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
