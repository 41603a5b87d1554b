package canontest_test

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// toyFolder makes one answer of a stream.
type toyFolder struct {
	answer scan.Growing
	said   []*scan.Growing
}

// Fold implements dialect.Native.
func (toy) Fold() exchange.Folder { return &toyFolder{} }

// Frame implements exchange.Folder.
func (f *toyFolder) Frame(raw []byte) *canon.Fault {
	data := scan.Event(raw).Data()
	if data == nil {
		return nil
	}
	w, err := read(scan.Document(data))
	switch {
	case err != nil:
		return canon.Malformed(err.Error())
	case w[problem] != nil:
		return faultOf(0, &w)
	}
	for member, v := range w {
		switch member {
		case id, model, end, hit, used:
			if v != nil {
				f.answer.Field(names[member]).Set(v)
			}
		case text, refusal, thinking, secret, call:
			f.say(names[member], v, member == call)
		case signature, name, args:
			f.say(names[member], v, false)
		}
	}
	return nil
}

// say goes on with what was said last, or begins something.
func (f *toyFolder) say(name string, v scan.Value, begins bool) {
	n := len(f.said)
	if v == nil {
		return
	}
	of := name == names[signature] || name == names[args] || name == "name"
	goesOn := n > 0 && !begins && (of || f.said[n-1].Has(name) && !f.said[n-1].Has(names[signature]))
	if !goesOn {
		f.said = append(f.said, &scan.Growing{})
		n++
	}
	f.said[n-1].Field(name).Grow(v, name, &scan.Growth{})
}

// Answer implements exchange.Folder.
func (f *toyFolder) Answer(dst []byte) ([]byte, bool) {
	for _, s := range f.said {
		f.answer.Field(names[say]).Push(s.Append(nil))
	}
	if len(f.said) == 0 {
		f.answer.Field(names[say]).Set(scan.Value("[]"))
	}
	return f.answer.Append(dst), f.answer.Has(names[id])
}
