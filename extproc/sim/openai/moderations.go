package openai

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

const (
	moderationModels = "omni-moderation-"
	moderationModel  = moderationModels + "latest" // of a request that names none
)

// moderation is a request to judge texts and an image.
type moderation struct {
	wire.Call
	inputs []judged // each has a result of its own
}

// judged is what one result is about.
type judged struct {
	text, image string // of an image its URL
	hasText     bool
	hasImage    bool
	flags       string // that a directive in the text sets; empty: there is none
}

// moderations answers a request for a judgement.
func moderations(t *wire.Turn) ([]byte, wire.Usage) {
	m := t.Call.Own.(*moderation)
	b := append([]byte(`{"id":"modr-`), strings.TrimPrefix(t.RequestID, "req_")...)
	b = append(b, `","model":`...)
	model := m.Model
	if t.Do.Snapshot != "" {
		model = t.Do.Snapshot
	}
	b = append(scan.AppendString(b, model), `,"results":[`...)
	for i := range m.inputs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendResult(b, &m.inputs[i], m.flags(i, &t.Do))
	}
	return append(b, `]}`...), wire.Usage{}
}

// flags are the categories that are scripted for an input; nil: none are, and its words decide. A
// directive in one input says nothing of the others.
func (m *moderation) flags(i int, do *wire.Behaviour) []string {
	text := m.inputs[i].flags
	if !slices.ContainsFunc(m.inputs, func(in judged) bool { return in.flags != "" }) {
		text = do.Flag
	}
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func readModerationCall(r *wire.Request) (*wire.Call, *wire.Error) {
	m := &moderation{}
	m.Own = m
	return &m.Call, m.read(r.Body)
}

func (m *moderation) read(body []byte) *wire.Error {
	doc, err := Object(body)
	if err != nil {
		return err
	}
	var model, input scan.Value
	unknown := wire.Members(doc, map[string]*scan.Value{"model": &model, "input": &input})
	m.SetModel(moderationModel)
	if wire.Given(model) {
		if model.Kind() != scan.String {
			return WrongType("model", "a string", model)
		}
		m.SetModel(wire.Str(model))
	}
	switch {
	case unknown != "":
		return Invalid(unknown, "unknown_parameter", "Unknown parameter: '%s'.", unknown)
	case !strings.HasPrefix(m.Model, moderationModels): // the text: langgenius/dify#28117
		return Invalid("model", "", "please request %s", moderationModel)
	}
	return m.input(input)
}

// input reads what is to be judged: a text, texts, each for itself, or parts, all together.
func (m *moderation) input(v scan.Value) *wire.Error {
	switch {
	case !wire.Given(v):
		return Missing("input")
	case v.Kind() == scan.String:
		m.add(judged{}, wire.Str(v))
		return nil
	case v.Kind() != scan.Array:
		return WrongType("input", "one of a string or array of strings or objects", v)
	case wire.First(v).Kind() == scan.Object:
		return m.parts(v)
	}
	for e := v.Elements(); e.Next(); {
		if e.Value().Kind() != scan.String {
			return WrongType("input[0]", "a string", e.Value())
		}
		m.add(judged{}, wire.Str(e.Value()))
	}
	if len(m.inputs) == 0 {
		return Invalid("input", "empty_array", "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.")
	}
	return nil
}

// add adds an input with a text.
func (m *moderation) add(in judged, text string) {
	m.Prompt.Text(text)
	clean, directives := wire.CutDirectives(text)
	in.text, in.hasText = clean, true
	var said wire.Behaviour
	for _, d := range directives {
		_ = said.Apply(d, ' ') // a wrong one is refused where the request is
	}
	in.flags = said.Flag
	m.Directives = append(m.Directives, directives...)
	m.inputs = append(m.inputs, in)
}

// parts reads the parts of one input: at most one of them is an image.
func (m *moderation) parts(list scan.Value) *wire.Error {
	var in judged
	var texts []string
	images := 0
	for e := list.Elements(); e.Next(); {
		var kind, text, image scan.Value
		if e.Value().Kind() != scan.Object {
			return WrongType("input", "an object", e.Value())
		}
		wire.Members(e.Value(), map[string]*scan.Value{"type": &kind, "text": &text, "image_url": &image})
		switch wire.Str(kind) {
		case "text":
			if text.Kind() != scan.String {
				return Missing("input[0].text")
			}
			texts = append(texts, wire.Str(text))
		case "image_url":
			var url scan.Value
			wire.Members(image, map[string]*scan.Value{"url": &url})
			if url.Kind() != scan.String {
				return Missing("input[0].image_url.url")
			}
			images++
			in.image, in.hasImage = wire.Str(url), true
		default:
			return Invalid("input[0].type", "invalid_value", "Invalid value: '%s'. Supported values are: 'text' and 'image_url'.", wire.Str(kind))
		}
	}
	if images > 1 { // the text: antiwork/gumroad#4709
		return Invalid("input", "too_many_images", "Number of images (%d) exceeds maximum of 1", images)
	}
	m.add(in, strings.Join(texts, "\n"))
	m.inputs[0].hasText = len(texts) > 0
	return nil
}
