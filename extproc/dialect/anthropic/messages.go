package anthropic

import (
	"bytes"
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

var messageMembers = []string{"role", "content"}

func (d *decoder) messages(f *[reqMembers]scan.Value) error {
	list := f[reqMessages]
	if list.Kind() != scan.Array {
		return canon.Errorf("messages", "must be a list")
	}
	n := min(bytes.Count(list, []byte(`"role"`))+1, 1024)
	d.r.Messages = make([]canon.Message, 0, n)
	d.parts = make([]canon.Part, 0, n)
	if f[reqSystem] != nil {
		if err := d.system(f[reqSystem]); err != nil {
			return err
		}
	}
	before := len(d.r.Messages)
	e := list.Elements()
	for i := int32(0); e.Next(); i++ {
		if err := d.message(e.Value(), i); err != nil {
			return err
		}
	}
	if len(d.r.Messages) == before {
		return canon.Errorf("messages", "must not be empty")
	}
	return nil
}

func (d *decoder) system(v scan.Value) error {
	if err := d.content(v, canon.Place{Message: -1}); err != nil {
		return err
	}
	if len(d.parts) > 0 {
		d.r.Messages = append(d.r.Messages, canon.Message{Role: canon.RoleSystem, At: -1, Parts: d.since(0)})
	}
	return nil
}

func (d *decoder) message(v scan.Value, at int32) error {
	path := func() string { return fmt.Sprintf("messages[%d]", at) }
	if v.Kind() != scan.Object {
		return canon.Errorf(path(), "must be an object")
	}
	var f [2]scan.Value
	extra, err := canon.Pick(v.Fields(), messageMembers, f[:], nil)
	if err != nil {
		return canon.Errorf(path(), "%v", err)
	}
	canon.Tunes(extra, tuningOfMessages...)
	m := canon.Message{At: at, Extra: extra}
	switch string(canon.Inside(f[0])) {
	case "user":
		m.Role = canon.RoleUser
	case "assistant":
		m.Role = canon.RoleAssistant
	case "system":
		m.Role = canon.RoleSystem
	default:
		return canon.Errorf(path()+".role", "must be user, assistant or system")
	}
	start := len(d.parts)
	if err := d.content(f[1], canon.Place{Message: at}); err != nil {
		return err
	}
	m.Parts = d.since(start)
	if m.Role == canon.RoleAssistant {
		canon.Answered(&m)
	}
	d.r.Messages = append(d.r.Messages, m)
	return nil
}

// since returns the parts from start on, which later ones do not overwrite.
func (d *decoder) since(start int) []canon.Part {
	return d.parts[start:len(d.parts):len(d.parts)]
}

// contentPath is the path of a content of which no block can be read.
func contentPath(place canon.Place) string {
	if place.Nested > 0 {
		place.Nested = 0
		return place.Path() + ".content"
	}
	place.Item = -1
	return place.Path()
}

// content reads a string or a list of blocks.
func (d *decoder) content(v scan.Value, place canon.Place) error {
	switch v.Kind() {
	case scan.String:
		place.Item = -1
		d.parts = append(d.parts, canon.Part{Kind: canon.Text, Text: v, Place: place})
		return nil
	case scan.Array:
	default:
		return canon.Errorf(contentPath(place), "must be a string or a list of blocks")
	}
	e := v.Elements()
	for i := int32(0); e.Next(); i++ {
		p := canon.Part{Place: place}
		if place.Nested > 0 {
			p.Place.Nested = i + 1
		} else {
			p.Place.Item = i
		}
		if err := d.block(e.Value(), &p); err != nil {
			return err
		}
		d.parts = append(d.parts, p)
	}
	return nil
}
