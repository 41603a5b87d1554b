package responses

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// message reads an item that is a message, which need not say so. One whose role is not
// known is carried whole.
func (d *decoder) message(v scan.Value, m *canon.Message) error {
	first := len(d.extra)
	f, extra, err := d.members(v, m.At, itemRole, itemContent)
	if err != nil {
		return err
	}
	switch string(canon.Inside(f[itemRole])) {
	case "system":
		m.Role = canon.RoleSystem
	case "developer":
		m.Role = canon.RoleDeveloper
	case "user":
		m.Role = canon.RoleUser
	case "assistant":
		m.Role = canon.RoleAssistant
	default:
		if f[itemRole].Kind() != scan.String {
			return canon.Errorf(itemPath(m.At)+".role", "must be a string")
		}
		m.Role = canon.RoleAssistant
		d.whole(v, canon.Inside(f[itemRole]), m.At)
		return nil
	}
	start := len(d.parts)
	if err := d.content(f[itemContent], canon.Place{Message: m.At, List: canon.InItemContent}); err != nil {
		return err
	}
	if d.r == nil {
		d.keepItem(d.parts[start:], first, len(extra))
		return nil
	}
	if m.Extra, m.Parts = extra, d.since(start); m.Role == canon.RoleAssistant {
		canon.Answered(m)
	}
	return nil
}

// keepItem has the first part of an answer's message hold the members of its item, too,
// which is written anew. They are the n that were read right before those of the part, and
// differ from those by standing inside.
func (d *decoder) keepItem(parts []canon.Part, first, n int) {
	if len(parts) == 0 {
		return
	}
	own := first + n + len(parts[0].Extra)
	for i := range d.extra[first : first+n] {
		d.extra[first+i].Inside = true
	}
	parts[0].Extra = d.extra[first:own:own]
}

// content reads a string or a list of parts.
func (d *decoder) content(v scan.Value, place canon.Place) error {
	switch v.Kind() {
	case scan.Invalid:
		return nil
	case scan.String:
		place.Item = -1
		d.parts = append(d.parts, canon.Part{Kind: canon.Text, Text: v, Place: place})
		return nil
	case scan.Array:
	default:
		return canon.Errorf(place.Path(), "must be a string or a list of parts")
	}
	e := v.Elements()
	for place.Item = 0; e.Next(); place.Item++ {
		p := canon.Part{Place: place}
		if err := d.part(e.Value(), &p); err != nil {
			return canon.Errorf(place.Path(), "%v", err)
		}
		d.parts = append(d.parts, p)
	}
	return nil
}

// Members of a content part.
const (
	partType = iota
	partText
	partRefusal
	partImage
	partFileID
	partFileData
	partFileURL
	partFilename
	partDetail
	partAudio
	partBreakpoint
	partMembers
)

var partNames = []string{"type", "text", "refusal", "image_url", "file_id", "file_data", "file_url", "filename", "detail", "input_audio", canon.Breakpoint}

// part reads one element of a content list.
func (d *decoder) part(v scan.Value, p *canon.Part) (err error) {
	if v.Kind() != scan.Object {
		return fmt.Errorf("must be an object")
	}
	var f [partMembers]scan.Value
	if p.Extra, err = d.pick(v, partNames, f[:]); err != nil {
		return err
	}
	p.Raw, p.Type = v, canon.Inside(f[partType])
	p.ReadBreakpoint(f[partBreakpoint])
	switch string(p.Type) {
	case "input_text", "output_text", "text":
		p.Kind, p.Text = canon.Text, f[partText]
		return wantString(p.Text, "text")
	case "refusal":
		p.Kind, p.Text = canon.Refusal, f[partRefusal]
		return wantString(p.Text, "refusal")
	case "input_image":
		return readImage(&f, p)
	case "input_file":
		return readFile(&f, p)
	case "input_audio":
		return readAudio(f[partAudio], p)
	}
	return nil
}

func readImage(f *[partMembers]scan.Value, p *canon.Part) error {
	p.Kind = canon.Image
	keepDetail(p, f[partDetail])
	if f[partFileID].Kind() == scan.String {
		p.Source, p.Data = canon.FromFile, canon.Inside(f[partFileID])
		return nil
	}
	p.Source, p.Data = canon.FromURL, canon.Inside(f[partImage])
	if canon.IsDataURI(p.Data) {
		p.ReadDataURI(p.Data)
	}
	return wantString(f[partImage], "image_url")
}

// keepDetail reads how closely an image is looked at. Others than this dialect take three
// words for it.
func keepDetail(p *canon.Part, v scan.Value) {
	switch string(canon.Inside(v)) {
	case "auto", "low", "high":
		p.Detail = v
	case "":
	default:
		p.Extra = append(p.Extra, canon.Member{Name: []byte("detail"), Value: v, Tuning: true})
	}
}

func readFile(f *[partMembers]scan.Value, p *canon.Part) error {
	p.Kind, p.Name = canon.Document, f[partFilename]
	if f[partDetail] != nil {
		p.Extra = append(p.Extra, canon.Member{Name: []byte("detail"), Value: f[partDetail], Tuning: true})
	}
	switch {
	case f[partFileID].Kind() == scan.String:
		p.Source, p.Data = canon.FromFile, canon.Inside(f[partFileID])
	case f[partFileURL].Kind() == scan.String:
		p.Source, p.Data = canon.FromURL, canon.Inside(f[partFileURL])
	case f[partFileData].Kind() == scan.String:
		p.ReadDataURI(canon.Inside(f[partFileData]))
		p.ReadPlainText()
	default:
		return fmt.Errorf("input_file needs file_data, file_url or file_id")
	}
	return want(p.Name, scan.String, "filename")
}

var audioMembers = []string{"data", "format"}

func readAudio(v scan.Value, p *canon.Part) (err error) {
	p.Kind = canon.Audio
	var f [2]scan.Value
	if p.Extra, err = canon.PickInside("input_audio", v, audioMembers, f[:], p.Extra); err != nil {
		return err
	}
	p.Data, p.Media = canon.Inside(f[0]), canon.Inside(f[1])
	return first(wantString(f[0], "input_audio.data"), want(f[1], scan.String, "input_audio.format"))
}
