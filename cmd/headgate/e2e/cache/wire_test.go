package cache

import (
	"encoding/json"
	"strings"
	"testing"
)

// answered is what an answer says, read from its bytes alone: of either dialect, whole or a stream.
type answered struct {
	ID, Model string
	Choices   []choice
	Usage     usage
}

type choice struct {
	Text, Refusal, Thought, Signature string
	Calls                             []call
	Finish                            string // in OpenAI's words
	Logprobs                          string // their tokens
}

type call struct{ ID, Name, Arguments string }

// usage is what was consumed: all of the input, of which some was cached, and all of the output.
type usage struct{ Input, Cached, Output int }

// readAnswer reads an answer. It fails the test if a stream has not the events, in the order, that
// its dialect demands.
func readAnswer(t *testing.T, claude, stream bool, body string) (a answered) {
	t.Helper()
	switch {
	case claude && stream:
		var s claudeStream
		for _, data := range dataOf(t, body) {
			s.event(t, data)
		}
		if !s.ended {
			t.Errorf("the message does not stop: %s", body)
		}
		return s.answered
	case stream:
		var s chatStream
		for _, data := range dataOf(t, body) {
			s.chunk(t, data)
		}
		if !s.ended {
			t.Errorf("the stream is not done: %s", body)
		}
		return s.answered
	case claude:
		var m claudeMessage
		into(t, body, &m)
		for i := range m.Content {
			if m.Content[i].Type == "text" && m.Content[i].Text == "" { // which the API does not take back
				t.Errorf("a block without a text: %s", body)
			}
		}
		return m.answered()
	default:
		var c chatAnswer
		into(t, body, &c)
		return c.answered(t)
	}
}

func into(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// dataOf are the data of a stream's events, without comments.
func dataOf(t *testing.T, body string) (all []string) {
	t.Helper()
	body = strings.ReplaceAll(body, "\r\n", "\n")
	for event := range strings.SplitSeq(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		data := ""
		for line := range strings.SplitSeq(event, "\n") {
			if d, ok := strings.CutPrefix(line, "data: "); ok {
				data += d
			}
		}
		if data != "" {
			all = append(all, data)
		}
	}
	return all
}

type chatUsage struct {
	Input   int `json:"prompt_tokens"`
	Output  int `json:"completion_tokens"`
	Details struct {
		Cached int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
}

func (u chatUsage) usage() usage { return usage{u.Input, u.Details.Cached, u.Output} }

// chatMessage is a message of OpenAI's, or what a chunk adds to one.
type chatMessage struct {
	Role      string
	Content   string
	Refusal   string
	Reasoning string                       `json:"reasoning_content"`
	Details   []struct{ Signature string } `json:"reasoning_details"`
	Calls     []struct {
		Index    int
		ID       string
		Function struct{ Name, Arguments string }
	} `json:"tool_calls"`
}

type chatAnswer struct {
	ID, Object, Model string
	Choices           []struct {
		Index    int
		Message  chatMessage
		Delta    chatMessage
		Finish   string `json:"finish_reason"`
		Logprobs *struct {
			Content []struct{ Token string }
		}
	}
	Usage *chatUsage
}

func (c *chatAnswer) answered(t *testing.T) answered {
	t.Helper()
	if c.Object != "chat.completion" || c.Usage == nil {
		t.Errorf("no answer: %+v", c)
		return answered{}
	}
	a := answered{ID: c.ID, Model: c.Model, Usage: c.Usage.usage()}
	for i := range c.Choices {
		one := &c.Choices[i]
		got := choice{Finish: one.Finish}
		got.add(&one.Message)
		if one.Logprobs != nil {
			for _, p := range one.Logprobs.Content {
				got.Logprobs += p.Token + "|"
			}
		}
		a.Choices = append(a.Choices, got)
	}
	return a
}

// add takes what a message says, or what a chunk adds.
func (c *choice) add(m *chatMessage) {
	c.Text, c.Refusal, c.Thought = c.Text+m.Content, c.Refusal+m.Refusal, c.Thought+m.Reasoning
	for _, d := range m.Details {
		c.Signature += d.Signature
	}
	for i, piece := range m.Calls {
		if piece.Index == 0 && m.Role == "assistant" && len(m.Calls) > 1 { // a whole message has no numbers
			piece.Index = i
		}
		for piece.Index >= len(c.Calls) {
			c.Calls = append(c.Calls, call{})
		}
		at := &c.Calls[piece.Index]
		at.ID, at.Name, at.Arguments = at.ID+piece.ID, at.Name+piece.Function.Name, at.Arguments+piece.Function.Arguments
	}
}

// chatStream reads a stream of OpenAI's.
type chatStream struct {
	answered
	ended bool
}

func (s *chatStream) chunk(t *testing.T, data string) {
	t.Helper()
	if s.ended {
		t.Errorf("after the end: %s", data)
	}
	if s.ended = data == "[DONE]"; s.ended {
		return
	}
	var c chatAnswer
	into(t, data, &c)
	if c.Object != "chat.completion.chunk" || s.ID != "" && (c.ID != s.ID || c.Model != s.Model) || s.Usage != (usage{}) {
		t.Errorf("a chunk that does not belong there: %s", data)
	}
	s.ID, s.Model = c.ID, c.Model
	if c.Usage != nil {
		s.Usage = c.Usage.usage()
	}
	for i := range c.Choices {
		one := &c.Choices[i]
		for one.Index >= len(s.Choices) {
			s.Choices = append(s.Choices, choice{})
		}
		at := &s.Choices[one.Index]
		if at.Finish != "" {
			t.Errorf("after the choice has finished: %s", data)
		}
		one.Delta.Role = ""
		at.add(&one.Delta)
		at.Finish = one.Finish
		if one.Logprobs != nil {
			for _, p := range one.Logprobs.Content {
				at.Logprobs += p.Token + "|"
			}
		}
	}
}

type claudeUsage struct {
	Input   int `json:"input_tokens"`
	Output  int `json:"output_tokens"`
	Read    int `json:"cache_read_input_tokens"`
	Created int `json:"cache_creation_input_tokens"`
}

func (u claudeUsage) usage() usage { return usage{u.Input + u.Read + u.Created, u.Read, u.Output} }

// finishes are the words of Anthropic's ends that mean those of OpenAI.
var finishes = map[string]string{"end_turn": "stop", "stop_sequence": "stop", "tool_use": "tool_calls", "max_tokens": "length", "refusal": "content_filter"}

type claudeBlock struct {
	Type, Text, Thinking, Signature, ID, Name string
	Input                                     json.RawMessage
}

func (c *choice) block(b *claudeBlock) {
	c.Text, c.Thought, c.Signature = c.Text+b.Text, c.Thought+b.Thinking, c.Signature+b.Signature
	if b.Type == "tool_use" {
		c.Calls = append(c.Calls, call{b.ID, b.Name, string(b.Input)})
	}
}

type claudeMessage struct {
	ID, Type, Model string
	Content         []claudeBlock
	Stop            string `json:"stop_reason"`
	Usage           claudeUsage
}

func (m *claudeMessage) answered() answered {
	c := choice{Finish: finishes[m.Stop]}
	for i := range m.Content {
		c.block(&m.Content[i])
	}
	return answered{m.ID, m.Model, []choice{c}, m.Usage.usage()}
}

// claudeStream reads a stream of Anthropic's.
type claudeStream struct {
	answered
	blocks int  // that have begun
	open   bool // the last of them has not ended
	tool   bool // it is a call
	empty  bool // it is a text, of which nothing has come
	ended  bool
	used   claudeUsage
}

type claudeEvent struct {
	Type    string
	Index   int
	Message claudeMessage
	Block   claudeBlock `json:"content_block"`
	Delta   struct {
		Type, Text, Thinking, Signature string
		Partial                         string `json:"partial_json"`
		Stop                            string `json:"stop_reason"`
	}
	Usage claudeUsage
}

func (s *claudeStream) event(t *testing.T, data string) {
	t.Helper()
	var ev claudeEvent
	into(t, data, &ev)
	if s.ended || (ev.Type == "message_start") != (len(s.Choices) == 0) {
		t.Errorf("out of order: %s", data)
		return
	}
	switch ev.Type {
	case "message_start":
		s.ID, s.Model, s.used, s.Choices = ev.Message.ID, ev.Message.Model, ev.Message.Usage, []choice{{}}
	case "content_block_start":
		if s.open || ev.Index != s.blocks {
			t.Errorf("out of order: %s", data)
		}
		s.blocks, s.open, s.tool, s.empty = s.blocks+1, true, ev.Block.Type == "tool_use", ev.Block.Type == "text"
		ev.Block.Input = nil
		s.Choices[0].block(&ev.Block)
	case "content_block_delta", "content_block_stop":
		if !s.open || ev.Index != s.blocks-1 {
			t.Errorf("out of order: %s", data)
		}
		s.open, s.empty = ev.Type == "content_block_delta", s.empty && ev.Delta.Text == ""
		if !s.open && s.empty { // which the API does not take back
			t.Errorf("a block without a text: %s", data)
		}
		s.delta(&ev)
	case "message_delta":
		s.Choices[0].Finish = finishes[ev.Delta.Stop]
		if ev.Usage.Input == 0 { // it is said in the beginning
			ev.Usage.Input, ev.Usage.Read, ev.Usage.Created = s.used.Input, s.used.Read, s.used.Created
		}
		s.Usage = ev.Usage.usage()
	case "message_stop":
		s.ended = !s.open
	}
}

func (s *claudeStream) delta(ev *claudeEvent) {
	c, d := &s.Choices[0], &ev.Delta
	c.Text, c.Thought, c.Signature = c.Text+d.Text, c.Thought+d.Thinking, c.Signature+d.Signature
	if s.tool {
		c.Calls[len(c.Calls)-1].Arguments += d.Partial
	}
}
