package responses

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// The parts that messages are made of: what is given to the model, and what it has said.
var (
	givenParts = []string{"input_text", "input_image", "input_file"}
	saidParts  = []string{"output_text", "refusal"}
	roles      = []string{"assistant", "system", "developer", "user"}
)

// anyPart are all types of parts, as the API lists them if a type is none of them.
var anyPart = []string{"input_text", "input_image", "output_text", "refusal", "input_file", "computer_screenshot", "summary_text"}

func (r *itemReader) message(it *item) *wire.Error {
	role, content := wire.Str(it.raw.Get("role")), it.raw.Get("content")
	if !slices.Contains(roles, role) {
		return unsupported(r.at(".role"), role, roles)
	}
	r.last = role
	r.q.Prompt.Fixed(role, wire.FrameTokens)
	text := wire.Str(content)
	switch content.Kind() {
	case scan.String:
		r.q.Prompt.Text(text)
	case scan.Array:
		kinds := givenParts
		if role == "assistant" {
			kinds = saidParts
		}
		var err *wire.Error
		if text, err = r.parts(content, r.at(".content"), kinds); err != nil {
			return err
		}
	default:
		return openai.WrongType(r.at(".content"), "one of an array of objects or string", content)
	}
	if role == "user" {
		r.q.UserText(text)
	}
	return nil
}

// parts counts the parts of a message or of an output, and returns their text.
func (r *itemReader) parts(v scan.Value, at string, kinds []string) (string, *wire.Error) {
	var all strings.Builder
	e := v.Elements()
	for k := 0; e.Next(); k++ {
		text, err := r.part(e.Value(), fmt.Sprintf("%s[%d]", at, k), kinds)
		if err != nil {
			return "", err
		}
		all.WriteString(text)
	}
	return all.String(), nil
}

// partFields are the members of parts beside their type.
var partFields = map[string][]string{
	"input_text":  {"text", "prompt_cache_breakpoint"},
	"input_image": {"image_url", "file_id", "detail", "prompt_cache_breakpoint"},
	"input_file":  {"file_data", "file_id", "file_url", "filename", "detail", "prompt_cache_breakpoint"},
	"output_text": {"text", "annotations", "logprobs"},
	"refusal":     {"refusal"},
}

func (r *itemReader) part(v scan.Value, at string, kinds []string) (string, *wire.Error) {
	if v.Kind() != scan.Object {
		return "", openai.WrongType(at, "an object", v)
	}
	kind := wire.Str(v.Get("type"))
	switch {
	case kind == "":
		return "", openai.Missing(at + ".type")
	case !slices.Contains(anyPart, kind):
		return "", unsupported(at, kind, anyPart)
	case !slices.Contains(kinds, kind):
		return "", unsupported(at, kind, kinds)
	}
	for m := v.Fields(); m.Next(); {
		if name := string(m.Key()); name != "type" && !slices.Contains(partFields[kind], name) {
			return "", unknown(at + "." + name)
		}
	}
	switch kind {
	case "input_image":
		return "", r.image(v, at)
	case "input_file":
		return "", r.file(v, at)
	}
	name := partFields[kind][0]
	text := v.Get(name)
	switch {
	case !wire.Given(text):
		return "", openai.Missing(at + "." + name)
	case text.Kind() != scan.String:
		return "", openai.WrongType(at+"."+name, "a string", text)
	}
	r.q.Prompt.Text(wire.Str(text))
	return wire.Str(text), nil
}

func (r *itemReader) image(v scan.Value, at string) *wire.Error {
	link, id, detail := v.Get("image_url"), wire.Str(v.Get("file_id")), wire.Str(v.Get("detail"))
	url := wire.Str(link)
	switch {
	case wire.Given(link) && link.Kind() != scan.String:
		return openai.Invalid(at+".image_url", "invalid_type", "Invalid type for '%s.image_url': expected an image URL, but got %s instead.", at, wire.KindName(link))
	case url == "" && id == "":
		return openai.Missing(at + ".image_url")
	case url != "" && !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "data:image/"):
		return openai.Invalid(at+".image_url", "invalid_value", "Invalid '%s.image_url'. Expected a valid URL, but got a value with an invalid format.", at)
	case detail != "" && !slices.Contains([]string{"low", "high", "auto", "original"}, detail):
		return unsupported(at+".detail", detail, []string{"low", "high", "auto", "original"})
	}
	n := wire.ImageTokens
	if detail == "low" {
		n = wire.ImageLowTokens
	}
	r.q.Prompt.Fixed(url+id, n)
	return nil
}

func (r *itemReader) file(v scan.Value, at string) *wire.Error {
	data, name := wire.Str(v.Get("file_data")), wire.Str(v.Get("filename"))
	all := data + wire.Str(v.Get("file_id")) + wire.Str(v.Get("file_url"))
	switch {
	case all == "":
		return openai.Missing(at + ".file_id")
	case data != "" && name == "":
		return openai.Missing(at + ".filename")
	case data != "" && !strings.HasPrefix(data, "data:"): // as of images: anomalyco/opencode#23983
		return openai.Invalid(at+".file_data", "invalid_value", "Invalid '%s.file_data'. Expected a base64-encoded data URL with a MIME type (e.g. 'data:application/pdf;base64,aW1nIGJ5dGVzIGhlcmU='), but got a value without the 'data:' prefix.", at)
	}
	r.q.Prompt.Fixed(all, wire.MediaTokens(len(all)))
	return nil
}
