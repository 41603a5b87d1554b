// Package tokens estimates how many tokens a model reads of a request, for clients that ask for a
// count where no server gives one. Text is counted with OpenAI's newest vocabulary, o200k_base; what
// servers put around it, and what is no text, is added by what was measured of them.
//
// The promise: an estimate costs a bounded time, whatever the request. The trap: it is an estimate,
// and of other vendors' models a rough one (README.md has the errors), so what it makes is marked, and
// nothing is charged by it.
package tokens

import (
	"strings"
	"sync"

	"github.com/tiktoken-go/tokenizer/codec"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Estimator counts tokens. The vocabulary takes 12 MiB of memory from the first count on. It is safe
// for concurrent use.
type Estimator struct {
	vocabulary func() *codec.Codec
}

// New makes an Estimator.
func New() *Estimator { return &Estimator{vocabulary: sync.OnceValue(codec.NewO200kBase)} }

// Request estimates how many tokens a model, by its name at its server, reads of a request.
func (e *Estimator) Request(r *canon.Request, model string) int64 {
	s := sum{frame: frameOf(model)}
	s.request(r)
	return s.fixed + e.text(s.texts)*s.frame.ratio/1000
}

// frame is what a vendor's servers make of a request besides its text, in tokens.
type frame struct {
	ratio    int64 // of the vendor's tokens to those of o200k_base, in thousandths
	request  int64
	message  int64
	name     int64 // of who speaks
	tools    int64 // if there are any
	call     int64 // of a tool, or its result
	thinking int64 // if the model thinks
	image    func(width, height int) int64
}

// The frames. Sources: OpenAI's cookbook (how to count tokens) for messages and names; its guide to
// images, and Anthropic's, for those. All else is of recorded exchanges (README.md).
var (
	openAI = frame{ratio: 1000, request: 3, message: 3, name: 1, tools: 100, call: 4, image: openAIImage}
	claude = frame{ratio: 1100, request: 5, message: 3, tools: 300, call: 29, thinking: 29, image: claudeImage}
)

func frameOf(model string) *frame {
	if strings.Contains(strings.ToLower(model), "claude") {
		return &claude
	}
	return &openAI
}

// sum is what a request holds.
type sum struct {
	frame *frame
	texts []text
	fixed int64 // tokens
}

// text is JSON that the model reads: as it stands, or what a string says.
type text struct {
	json scan.Value
	raw  bool
}

func (s *sum) say(v scan.Value) {
	if len(v) > 0 {
		s.texts = append(s.texts, text{json: v})
	}
}

// show adds JSON that the model sees as such.
func (s *sum) show(v scan.Value) {
	if len(v) > 0 {
		s.texts = append(s.texts, text{json: v, raw: true})
	}
}

func (s *sum) request(r *canon.Request) {
	s.fixed += s.frame.request
	for i := range r.Messages {
		m := &r.Messages[i]
		s.fixed += s.frame.message
		if !canon.Empty(m.Name) {
			s.fixed += s.frame.name
			s.say(m.Name)
		}
		s.parts(m.Parts)
	}
	s.tools(r)
	s.say(r.Format.Description)
	s.show(r.Format.Schema)
	if r.Reason.Mode == canon.ReasonOn || r.Reason.Mode == canon.ReasonAdaptive {
		s.fixed += s.frame.thinking
	}
}

func (s *sum) tools(r *canon.Request) {
	if len(r.Tools) > 0 && r.Choice.Mode != canon.ChoiceNone {
		s.fixed += s.frame.tools
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		if t.Other {
			s.show(t.Raw)
			continue
		}
		s.say(t.Name)
		s.say(t.Description)
		s.show(t.Schema)
		s.show(t.Format)
	}
}

func (s *sum) parts(parts []canon.Part) {
	for i := range parts {
		s.part(&parts[i])
	}
}

func (s *sum) part(p *canon.Part) {
	switch p.Kind {
	case canon.Text, canon.Refusal, canon.Thinking:
		s.say(p.Text)
	case canon.ToolCall:
		s.fixed += s.frame.call
		s.say(p.Name)
		s.arguments(p.Args)
	case canon.ToolResult:
		s.fixed += s.frame.call
		s.parts(p.Content)
	case canon.Image:
		s.fixed += s.image(p)
	case canon.Document:
		s.document(p)
	case canon.Audio:
		s.fixed += audio(p)
	case canon.Other:
		s.show(p.Raw)
	case canon.Redacted: // what it is of was counted as it was made; no server says how long it is
	}
}

// arguments adds those of a call: an object, or a string that holds one.
func (s *sum) arguments(args scan.Value) {
	if args.Kind() == scan.String {
		s.say(args)
		return
	}
	s.show(args)
}

// text counts the tokens of texts. Of more than maxText a sample is counted, which is spread evenly.
func (e *Estimator) text(texts []text) int64 {
	var size, counted, tokens int64
	for i := range texts {
		size += int64(len(texts[i].json))
	}
	step, piece, all := (size+maxText-1)/maxText, int64(0), int64(0)
	for i := range texts {
		for rest := texts[i].plain(); len(rest) > 0; piece++ {
			n := cut(rest)
			if piece%step == 0 {
				counted += int64(n)
				tokens += e.piece(rest[:n])
			}
			all += int64(n)
			rest = rest[n:]
		}
	}
	if counted == all {
		return tokens
	}
	return tokens * all / counted
}

func (t *text) plain() []byte {
	if t.raw || t.json.Kind() != scan.String {
		return t.json
	}
	return scan.Unescape(canon.Inside(t.json))
}

// piece counts the tokens of a piece of text. The tokenizer says that it cannot for no text; a
// piece that it should refuse nevertheless counts by the rule of thumb.
func (e *Estimator) piece(text []byte) int64 {
	n, err := e.vocabulary().Count(string(text))
	if err != nil {
		return int64(len(text)+3) / 4
	}
	return int64(n)
}

const (
	// maxText is how many bytes of text are counted. BenchmarkHostile measures the time they take.
	maxText = 128 << 10
	// maxPiece is how many bytes are counted at once: the time for some texts, such as runs of line
	// ends and blanks, grows with their square.
	maxPiece = 512
)

// cut returns where the first piece of a text ends: before a word if there is one.
func cut(text []byte) int {
	if len(text) <= maxPiece {
		return len(text)
	}
	for i := maxPiece - 1; i > maxPiece/2; i-- {
		if text[i] == ' ' && text[i-1] > ' ' && text[i+1] > ' ' {
			return i
		}
	}
	n := maxPiece
	for n > maxPiece-4 && text[n]&0xC0 == 0x80 {
		n--
	}
	return n
}
