package wire

import "time"

// How long what a breakpoint marks is kept.
const (
	ShortLife = 5 * time.Minute
	LongLife  = time.Hour
)

// Prompt is what a request asks the model to read, in the order in which the
// provider caches it: tools, system, messages.
type Prompt struct {
	Parts  []part
	Tokens int // all of them
	Audio  int // those of audio
	Blocks []block
}

// part is a text, or something that counts as a fixed number of tokens.
type part struct {
	Text  string
	Fixed int // tokens; 0: those of text
}

// block is the end of something that Anthropic's cache_control may stand on.
type block struct {
	Parts  int // that it and all before it have
	Tokens int
	TTL    time.Duration // of its breakpoint; 0: none
}

// Text adds a text.
func (p *Prompt) Text(s string) {
	if s == "" {
		return
	}
	p.Parts = append(p.Parts, part{Text: s})
	p.Tokens += CountTokens(s)
}

// Fixed adds n tokens that stand for salt.
func (p *Prompt) Fixed(salt string, n int) {
	p.Parts = append(p.Parts, part{Text: salt, Fixed: n})
	p.Tokens += n
}

// EndBlock ends a block, with a breakpoint that lasts so long; 0: without one.
func (p *Prompt) EndBlock(ttl time.Duration) {
	p.Blocks = append(p.Blocks, block{len(p.Parts), p.Tokens, ttl})
}
