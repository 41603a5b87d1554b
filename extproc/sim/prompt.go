package sim

import "time"

// prompt is what a request asks the model to read, in the order in which the
// provider caches it: tools, system, messages.
type prompt struct {
	parts  []part
	tokens int // all of them
	audio  int // those of audio
	blocks []block
}

// part is a text, or something that counts as a fixed number of tokens.
type part struct {
	text  string
	fixed int // tokens; 0: those of text
}

// block is the end of something that Anthropic's cache_control may stand on.
type block struct {
	parts  int // that it and all before it have
	tokens int
	ttl    time.Duration // of its breakpoint; 0: none
}

func (p *prompt) text(s string) {
	if s == "" {
		return
	}
	p.parts = append(p.parts, part{text: s})
	p.tokens += CountTokens(s)
}

// fixed adds n tokens that stand for salt.
func (p *prompt) fixed(salt string, n int) {
	p.parts = append(p.parts, part{text: salt, fixed: n})
	p.tokens += n
}

func (p *prompt) endBlock(ttl time.Duration) {
	p.blocks = append(p.blocks, block{len(p.parts), p.tokens, ttl})
}
