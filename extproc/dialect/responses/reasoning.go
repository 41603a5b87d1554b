package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// The labels of what Anthropic made, in the encrypted content of an item.
const (
	labelThinking = "thinking" // the signature of the summary's text
	labelRedacted = "redacted"
)

// reasoning reads an item of reasoning: its content, if the server shows it, else its
// summary. Its encrypted content is the signature of the last text, or hidden thinking if
// there is none: OpenAI's under a seal, Anthropic's as Anthropic wrote it.
func (d *decoder) reasoning(v scan.Value, at int32) error {
	f, extra, err := d.members(v, at, itemContent, itemSummary, itemEncrypted)
	if err != nil {
		return err
	}
	if err := first(want(f[itemSummary], scan.Array, itemPath(at), ".summary"), want(f[itemEncrypted], scan.String, itemPath(at), ".encrypted_content")); err != nil {
		return err
	}
	p := canon.Part{Kind: canon.Thinking, Raw: v, Type: canon.Inside(f[itemType]), Extra: extra, Place: canon.Place{Message: at, List: canon.InItem}}
	by, label, text, sealed := canon.ReadSeal(f[itemEncrypted])
	if sealed && by == canon.MadeByAnthropic {
		d.theirs(&p, string(label), canon.AppendQuoted(nil, text), f[itemSummary])
		return nil
	}
	start := len(d.parts)
	if d.texts(f[itemContent], p, canon.InItemContent); len(d.parts) == start {
		d.texts(f[itemSummary], p, canon.InItemSummary)
	}
	hidden := len(d.parts) == start
	if hidden {
		d.parts = append(d.parts, p)
	}
	if canon.Empty(f[itemEncrypted]) {
		return nil
	}
	content := canon.AppendSeal(nil, canon.MadeByOpenAI, canon.Inside(v.Get("id")), canon.Inside(f[itemEncrypted]))
	if last := &d.parts[len(d.parts)-1]; hidden {
		last.Kind, last.Text = canon.Redacted, content
	} else {
		last.Signature = content
	}
	return nil
}

// theirs reads what Anthropic thought: a signature goes with the one text that it signs.
func (d *decoder) theirs(p *canon.Part, label string, text, summary scan.Value) {
	if label == labelRedacted {
		p.Kind, p.Text = canon.Redacted, text
	} else {
		p.Text, p.Signature = joinedTexts(summary), text
	}
	d.parts = append(d.parts, *p)
}

// texts reads the texts of a list, each as thinking of its own.
func (d *decoder) texts(list scan.Value, p canon.Part, in canon.List) {
	p.Place.List = in
	for e := list.Elements(); e.Next(); p.Place.Item++ {
		if p.Text = e.Value().Get("text"); p.Text.Kind() == scan.String {
			d.parts = append(d.parts, p)
		}
	}
}

// joinedTexts returns the texts of a list as one string, empty if there is none.
func joinedTexts(list scan.Value) scan.Value {
	text := scan.Value{'"'}
	for e := list.Elements(); e.Next(); {
		text = append(text, canon.Inside(e.Value().Get("text"))...)
	}
	return append(text, '"')
}
