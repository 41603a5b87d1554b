package leaftest

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/headgate/headgate/extproc/scan"
)

// NothingLost holds that what an answer says reaches the client: each leaf that is
// changed or removed shows in what translate makes of it. LeftOut says what does not on
// purpose, with the reason, by paths as in NothingSilent. An entry that excuses nothing is
// an error. Unknown members are left out: no client could read them.
func NothingLost(t *testing.T, answer []byte, translate func([]byte) []byte, leftOut map[string]string) {
	t.Helper()
	l := loss{t: t, translate: translate, before: translate(encode(tree(t, answer))), leftOut: leftOut, used: map[string]bool{}}
	for c := range Changes(t, answer) {
		l.try(&c)
	}
	l.done()
}

// NothingLostOfStream holds the same of a stream of server-sent events. Paths begin with
// the name of the event, if it has one.
func NothingLostOfStream(t *testing.T, stream []byte, translate func([]byte) []byte, leftOut map[string]string) {
	t.Helper()
	frames := split(stream)
	for i := range frames {
		if data := frames[i].data; data != nil {
			frames[i].data = encode(tree(t, data))
		}
	}
	l := loss{t: t, translate: translate, before: translate(join(frames)), leftOut: leftOut, used: map[string]bool{}}
	for i := range frames {
		was := frames[i]
		if was.data == nil {
			continue
		}
		for c := range Changes(t, was.data) {
			frames[i].data = c.Body
			l.try(&Change{Path: was.prefix() + c.Path, What: c.What, Body: join(frames)})
		}
		frames[i] = was
	}
	l.done()
}

// loss looks for what is lost of one answer.
type loss struct {
	t         *testing.T
	translate func([]byte) []byte
	before    []byte
	leftOut   map[string]string
	used      map[string]bool
}

func (l *loss) try(c *Change) {
	l.t.Helper()
	if c.What != "changed" && c.What != "removed" && c.What != "emptied" || !bytes.Equal(l.before, l.translate(c.Body)) {
		return
	}
	if key := excuse(l.leftOut, c); key != "" {
		l.used[key] = true
		return
	}
	l.t.Errorf("%s %s: the client gets the same", c.Path, c.What)
}

func (l *loss) done() {
	l.t.Helper()
	for _, key := range slices.Sorted(maps.Keys(l.leftOut)) {
		if !l.used[key] {
			l.t.Errorf("%q excuses nothing", key)
		}
	}
}

// frame is one event of a stream.
type frame struct {
	name string
	data []byte // JSON; nil: raw is none
	raw  []byte
}

func (f *frame) prefix() string {
	if f.name == "" {
		return ""
	}
	return f.name + "."
}

func split(stream []byte) (frames []frame) {
	var s scan.Splitter
	s.Feed(stream)
	for ev, err := s.Next(); ev != nil && err == nil; ev, err = s.Next() {
		f := frame{name: string(ev.Field("event")), raw: bytes.Clone(ev)}
		if data := bytes.TrimSpace(ev.Data()); len(data) > 0 && data[0] == '{' {
			f.data = bytes.Clone(data)
		}
		frames = append(frames, f)
	}
	return frames
}

func join(frames []frame) (stream []byte) {
	for i := range frames {
		f := &frames[i]
		switch {
		case f.data == nil:
			stream = append(stream, f.raw...)
			continue
		case f.name != "":
			stream = append(append(append(stream, "event: "...), f.name...), '\n')
		}
		stream = append(append(append(stream, "data: "...), f.data...), '\n', '\n')
	}
	return stream
}
