package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// reasoning reads an item of reasoning: its content, if the server shows it, else its
// summary. What its encrypted content means depends on who sealed it (sealed.go).
func (d *decoder) reasoning(v scan.Value, at int32) error {
	f, extra, err := pick(v, at, itemContent, itemSummary, itemEncrypted)
	if err != nil {
		return err
	}
	canon.Answered(&canon.Message{Extra: extra})
	if err := first(want(f[itemSummary], scan.Array, itemPath(at), ".summary"), want(f[itemEncrypted], scan.String, itemPath(at), ".encrypted_content")); err != nil {
		return err
	}
	base := canon.Part{Kind: canon.Thinking, Raw: v, Extra: extra, Type: canon.Inside(f[itemType]), Place: canon.Place{Message: at, List: canon.InItem}}
	if signature, ok := unsealed(f[itemEncrypted], sealedSignature); ok {
		base.Text, base.Signature = joinedTexts(f[itemSummary]), signature
		d.parts = append(d.parts, base)
		return nil
	}
	if data, ok := unsealed(f[itemEncrypted], sealedRedacted); ok {
		base.Kind, base.Text = canon.Redacted, data
		d.parts = append(d.parts, base)
		return nil
	}
	start := len(d.parts)
	if d.texts(f[itemContent], &base, canon.InItemContent); len(d.parts) == start {
		d.texts(f[itemSummary], &base, canon.InItemSummary)
	}
	if !canon.Empty(f[itemEncrypted]) {
		base.Kind, base.Text = canon.Redacted, sealItem(v.Get("id"), f[itemEncrypted])
		d.parts = append(d.parts, base)
	}
	if len(d.parts) == start { // it passes, and says nothing
		d.parts = append(d.parts, base)
	}
	return nil
}

// texts reads the texts of a list, each as thinking of its own.
func (d *decoder) texts(list scan.Value, base *canon.Part, in canon.List) {
	p := *base
	p.Place.List = in
	for e := list.Elements(); e.Next(); p.Place.Item++ {
		if p.Text = e.Value().Get("text"); p.Text.Kind() == scan.String {
			d.parts = append(d.parts, p)
		}
	}
}

// joinedTexts returns the texts of a list as one string, nil if there is none.
func joinedTexts(list scan.Value) (text scan.Value) {
	for e := list.Elements(); e.Next(); {
		if t := e.Value().Get("text"); t.Kind() == scan.String {
			if text == nil {
				text = append(text, '"')
			}
			text = append(text, canon.Inside(t)...)
		}
	}
	if text != nil {
		text = append(text, '"')
	}
	return text
}
