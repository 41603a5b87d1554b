package anthropic

import (
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

func (r *turnReader) source(v scan.Value, kind, at string) *wire.Error {
	src := v.Get("source")
	if src.Kind() != scan.Object {
		return invalid("%s.%s.source: Field required", at, kind)
	}
	p := &r.c.Prompt
	p.Text(wire.Str(v.Get("title")))
	p.Text(wire.Str(v.Get("context")))
	how := wire.Str(src.Get("type"))
	data := wire.Str(src.Get("data")) + wire.Str(src.Get("url")) + wire.Str(src.Get("file_id"))
	switch {
	case how == "text" && kind == "document":
		p.Text(data)
		return nil
	case how == "content" && kind == "document":
		p.Text(string(src.Get("content")))
		return nil
	case how != "base64" && how != "url" && how != "file":
		return invalid("%s.%s.source: Input tag '%s' found using 'type' does not match any of the expected tags: 'base64', 'file', 'url'", at, kind, how)
	case data == "":
		return invalid("%s.%s.source.%s.data: Field required", at, kind, how)
	}
	if kind == "image" {
		return r.image(src, how, data, at)
	}
	p.Fixed(data, wire.MediaTokens(len(data)))
	return nil
}

func (r *turnReader) image(src scan.Value, how, data, at string) *wire.Error {
	if how == "base64" {
		switch wire.Str(src.Get("media_type")) {
		case "image/jpeg", "image/png", "image/gif", "image/webp":
		default:
			return invalid("%s.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'", at)
		}
	}
	r.c.Prompt.Fixed(data, wire.ImageTokens)
	return nil
}
