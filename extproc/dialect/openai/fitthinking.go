package openai

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/policy/trait"
)

// thinking takes out the member by which Anthropic's and some other models are told to
// think, for a model that is told by an effort: OpenAI refuses it ("Unknown parameter:
// 'thinking'"). It returns the effort that stands for it, if there is one.
func (f *fitter) thinking() trait.Effort {
	v := f.v[fitThinking]
	otherwise := f.t.Efforts.Known() || f.t.Reasoning == trait.ReasoningNone
	if v.Kind() != scan.Object || f.t.Forms&trait.Switch != 0 || !otherwise {
		return ""
	}
	d := decoder{r: &canon.Request{}}
	if read, err := d.thinkingObject(v); !read || err != nil {
		return ""
	}
	name := fitNames[fitThinking]
	if d.r.Reason.Mode == canon.ReasonOff && f.t.Reasoning == trait.ReasoningNone {
		name = "" // it does not think anyway
	}
	f.drop(fitThinking, name)
	return d.r.Reason.EffortFor(f.t)
}
