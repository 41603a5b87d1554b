package canon

import "github.com/headgate/headgate/extproc/scan"

// Breakpoint is OpenAI's member of a part that ends a prefix of the prompt which can be
// used again: what cache_control is to Anthropic, and to servers that know that.
const Breakpoint = "prompt_cache_breakpoint"

var (
	breakpointMembers = []string{"mode"}
	ephemeral         = scan.Value(`{"type":"ephemeral"}`)
)

// ReadBreakpoint reads OpenAI's breakpoint. What it says besides tunes how long the prefix
// is kept, and so does one that is not understood, or stands beside a cache_control.
func (p *Part) ReadBreakpoint(v scan.Value) {
	if v == nil {
		return
	}
	var mode [1]scan.Value
	n := len(p.Extra)
	extra, err := PickInside(Breakpoint, v, breakpointMembers, mode[:], p.Extra)
	if err != nil || p.Cache != nil || string(Inside(mode[0])) != "explicit" {
		extra = append(p.Extra[:n:n], Member{Name: []byte(Breakpoint), Value: v, Inside: true})
	} else {
		p.Cache = ephemeral
	}
	for i := range extra[n:] {
		extra[n+i].Tuning = true
	}
	p.Extra = extra
}
