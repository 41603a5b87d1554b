package digest

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// without are fields that change no answer: who asks, what is kept where, and how it is paid.
// Others are written by themselves.
var without = [canon.CacheControl + 1]bool{
	canon.User: true, canon.SafetyIdentifier: true, canon.Metadata: true, canon.ServiceTier: true, canon.Store: true,
	canon.PromptCacheKey: true, canon.PromptCacheRetention: true, canon.CacheControl: true, canon.OutputConfig: true, canon.N: true,
}

// settings writes all that the request asks beside its messages and tools.
func (w *writer) settings(r *canon.Request) {
	for f, v := range r.Fields {
		if v != nil && !without[f] {
			w.number(int64(f) + 1)
			w.value(v)
		}
	}
	w.number(0)
	w.others(r.Fields[canon.OutputConfig], "format", "effort")
	w.number(int64(len(r.Stop)))
	for _, s := range r.Stop {
		w.value(s)
	}
	w.format(&r.Format)
	w.reasoning(&r.Reason)
	w.members(r.Extra)
}

// others writes the members of an object but for some, which are written elsewhere.
func (w *writer) others(object scan.Value, but ...string) {
	if object.Kind() == scan.Object {
		for m := object.Fields(); m.Next(); {
			if scan.FoldIndex(but, m.Key()) < 0 {
				w.bytes(m.Key())
				w.value(m.Value())
			}
		}
	}
	w.number(end)
}

func (w *writer) format(f *canon.Format) {
	w.number(int64(f.Kind))
	switch f.Kind {
	case canon.FormatSchema:
		w.value(f.Name)
		w.value(f.Schema)
		w.value(f.Description)
		w.flag(f.Strict.True())
	case canon.FormatOther:
		w.text(w.dialect)
		w.value(f.Raw)
	case canon.FormatUnset, canon.FormatText, canon.FormatObject:
	}
}

func (w *writer) reasoning(r *canon.Reasoning) {
	w.number(int64(r.Mode))
	w.escaped(r.Effort)
	w.number(r.Budget)
	w.value(r.Display)
	w.flag(r.Hidden)
}

// tools writes what the model may and must call.
func (w *writer) tools(r *canon.Request) {
	w.number(int64(len(r.Tools)))
	for i := range r.Tools {
		t := &r.Tools[i]
		if w.flag(t.Other); t.Other {
			w.text(w.dialect)
			w.value(t.Raw)
			continue
		}
		w.value(t.Name)
		w.value(t.Description)
		w.value(t.Schema)
		w.flag(t.Strict.True())
		if w.flag(t.Custom); t.Custom {
			w.value(t.Format)
		}
		w.members(t.Extra)
	}
	w.number(int64(r.Choice.Mode))
	switch r.Choice.Mode {
	case canon.ChoiceNamed:
		w.value(r.Choice.Name)
	case canon.ChoiceOther:
		w.text(w.dialect)
		w.value(r.Choice.Raw)
	case canon.ChoiceUnset, canon.ChoiceAuto, canon.ChoiceNone, canon.ChoiceRequired:
	}
}

// members writes those that the dialect's reader did not know, of which any may change an answer.
// What it has read elsewhere is not written again; but of several that should say the same, it has
// read one, and a server may read another.
func (w *writer) members(all []canon.Member) {
	read := 0
	for i := range all {
		if all[i].Read {
			read++
		}
	}
	for i := range all {
		if m := &all[i]; !m.Read || read > 1 {
			w.text(w.dialect)
			w.bytes(m.Name)
			w.value(m.Value)
		}
	}
	w.number(end)
}
