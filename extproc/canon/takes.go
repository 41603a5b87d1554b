package canon

import (
	"bytes"

	"github.com/headgate/headgate/policy/trait"
)

// RefusesPart reports whether the model takes no part of this kind, in whatever dialect it
// came.
func (t *Target) RefusesPart(p *Part) bool {
	switch p.Kind {
	case Image:
		return t.Quirks.NoImages
	case Document:
		return t.Traits.PDF == trait.No && p.Source != FromText
	case Audio:
		return t.Traits.Audio == trait.No
	default:
		return false
	}
}

// IsImage reports whether a part is an image in data or at an address of the web.
func (p *Part) IsImage() bool {
	if p.Source == FromBase64 {
		return len(p.Data) > 0 && bytes.HasPrefix(Plainly(p.Media), []byte("image/"))
	}
	return p.Source == FromURL && IsWebAddress(p.Data)
}

// IsPDF reports whether a part is a PDF in data.
func (p *Part) IsPDF() bool {
	return p.Source == FromBase64 && len(p.Data) > 0 && bytes.HasSuffix(p.Media, []byte("pdf"))
}
