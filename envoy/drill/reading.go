package drill

import (
	"bytes"
	"encoding/json"
	"strings"
)

// reading is what an SDK of the client's dialect makes of an answer's bytes. It shares no
// code with the gateway that it judges.
type reading struct {
	text   string
	finish string // finish_reason or stop_reason; empty: none came
	model  string
	input  int
	output int
	fault  *fault // an error in the dialect's form
	broken string // what cannot be read; empty: everything can
}

// fault is an error body.
type fault struct {
	Type    string `json:"type"`
	Code    any    `json:"code"`
	Message string `json:"message"`
}

// usage is that of either dialect.
type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Input      int `json:"input_tokens"`
	CacheWrite int `json:"cache_creation_input_tokens"`
	CacheRead  int `json:"cache_read_input_tokens"`
	Output     int `json:"output_tokens"`
}

// part is what a JSON answer or an event of either dialect may hold.
type part struct {
	Type    string `json:"type"`
	Model   string `json:"model"`
	Error   *fault `json:"error"`
	Usage   *usage `json:"usage"`
	Choices []struct {
		Message struct {
			Content string `json:"content"`
		} `json:"message"`
		Delta struct {
			Content string `json:"content"`
		} `json:"delta"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
	Content []struct {
		Text string `json:"text"`
	} `json:"content"`
	StopReason string `json:"stop_reason"`
	Message    *part  `json:"message"` // of message_start
	Delta      struct {
		Text       string `json:"text"`
		StopReason string `json:"stop_reason"`
	} `json:"delta"`
}

// read reads an answer with status 200, or the body of an error.
func read(s *Seen) *reading {
	r := &reading{}
	if s.Way.Stream && strings.HasPrefix(s.Header.Get("Content-Type"), "text/event-stream") {
		r.stream(s.Body)
		return r
	}
	r.take(s.Body)
	return r
}

// stream reads events. A part without its blank line is no event: it never came whole.
func (r *reading) stream(body []byte) {
	body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	for {
		event, rest, whole := bytes.Cut(body, []byte("\n\n"))
		if !whole {
			return
		}
		body = rest
		var data []byte
		for line := range bytes.Lines(event) {
			if value, ok := bytes.CutPrefix(bytes.TrimRight(line, "\n"), []byte("data:")); ok {
				data = append(data, bytes.TrimPrefix(value, []byte(" "))...)
			}
		}
		if len(data) > 0 && string(data) != "[DONE]" {
			r.take(data)
		}
	}
}

// take reads one JSON value.
func (r *reading) take(data []byte) {
	var p part
	if err := json.Unmarshal(data, &p); err != nil {
		if r.broken == "" {
			r.broken = err.Error()
		}
		return
	}
	r.add(&p)
	if p.Message != nil {
		r.add(p.Message)
	}
}

func (r *reading) add(p *part) {
	if p.Error != nil && r.fault == nil {
		r.fault = p.Error
	}
	for _, c := range p.Choices {
		r.text += c.Message.Content + c.Delta.Content
		keep(&r.finish, c.FinishReason)
	}
	for _, c := range p.Content {
		r.text += c.Text
	}
	r.text += p.Delta.Text
	keep(&r.finish, p.StopReason)
	keep(&r.finish, p.Delta.StopReason)
	keep(&r.model, p.Model)
	if u := p.Usage; u != nil {
		keep(&r.input, u.Prompt+u.Input+u.CacheWrite+u.CacheRead)
		keep(&r.output, u.Completion+u.Output)
	}
}

// keep lets a later value overwrite an earlier one.
func keep[T comparable](to *T, value T) {
	var none T
	if value != none {
		*to = value
	}
}
