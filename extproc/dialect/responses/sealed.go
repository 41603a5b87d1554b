package responses

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// What only one provider can read of a reasoning travels as a text that names its origin.
// A client gets Anthropic's signature as the encrypted content of an item; the canonical
// form holds the encrypted content of an item, with the item's id, as redacted thinking.
// Both begin in a way that neither vendor's own texts do, so that each finds its way back
// and goes nowhere else.
const (
	sealedSignature = "hg1.anthropic.thinking."
	sealedRedacted  = "hg1.anthropic.redacted."
	sealedItem      = "hg1.responses."
)

// appendSealed appends a string of a mark and of text that is escaped.
func appendSealed(dst []byte, mark string, text []byte) []byte {
	return append(append(append(append(dst, '"'), mark...), text...), '"')
}

// unsealed returns the string that a mark was put before.
func unsealed(v scan.Value, mark string) (scan.Value, bool) {
	text, ok := bytes.CutPrefix(canon.Inside(v), []byte(mark))
	if !ok {
		return nil, false
	}
	return canon.AppendQuoted(nil, text), true
}

// sealItem returns the encrypted content of an item as redacted thinking.
func sealItem(id, encrypted scan.Value) scan.Value {
	name := canon.Inside(id)
	if bytes.IndexByte(name, '.') >= 0 {
		name = nil
	}
	text := append(append(append([]byte(nil), name...), '.'), canon.Inside(encrypted)...)
	return appendSealed(nil, sealedItem, text)
}

// openItem returns the id, nil if it had none, and the encrypted content of sealItem.
func openItem(v scan.Value) (id, encrypted scan.Value, ok bool) {
	text, ok := bytes.CutPrefix(canon.Inside(v), []byte(sealedItem))
	name, rest, dot := bytes.Cut(text, []byte{'.'})
	if !ok || !dot {
		return nil, nil, false
	}
	if len(name) > 0 {
		id = canon.AppendQuoted(nil, name)
	}
	return id, canon.AppendQuoted(nil, rest), true
}
