package openai

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// streamMender gives the calls of a stream that passes ids and indexes that tell them
// apart, if their server has not. The zero streamMender is at the stream's start.
type streamMender struct {
	decoder StreamDecoder
	keepIDs bool // only indexes are given
	frame   []byte
	edits   []scan.Edit
}

// Mend implements exchange.Mender.
func (s *skimmer) Mend(raw []byte) []byte {
	if s.calls {
		raw = s.mender.mend(raw)
	}
	if s.swallow {
		raw = s.withoutNull(raw)
	}
	return raw
}

// mend returns an event as it should be. It looks into those with calls, and into the first.
func (m *streamMender) mend(raw []byte) []byte {
	if !bytes.Contains(raw, []byte(`"tool_calls"`)) && (len(m.decoder.id) > 0 || len(m.decoder.choices) > 0) {
		return raw
	}
	m.frame, m.edits = raw, m.edits[:0]
	m.decoder.read = m.fragment
	m.decoder.Next(scan.Event(raw))
	if len(m.edits) == 0 {
		return raw
	}
	slices.SortStableFunc(m.edits, func(a, b scan.Edit) int { return a.Start - b.Start })
	return scan.Splice(make([]byte, 0, len(raw)+64*len(m.edits)), raw, m.edits)
}

// fragment looks at a fragment of a call, the first of which is fresh.
func (m *streamMender) fragment(v scan.Value, f *fragment, t *toolSeen, fresh bool) {
	if fresh {
		m.show(f, t)
	}
	if !f.numbered || f.index != t.shown {
		m.edits = setMember(m.edits, m.frame, v, "index", f.rawIndex, strconv.AppendInt(nil, t.shown, 10))
	}
	if !m.keepIDs && !bytes.Equal(f.id, t.shownID) && (fresh || len(idText(f.id)) > 0) {
		m.edits = setMember(m.edits, m.frame, v, "id", f.id, t.shownID)
	}
}

// show finds out by which index and id the client is to know a call.
func (m *streamMender) show(f *fragment, t *toolSeen) {
	id, twin, taken, next := canon.ServerCallID(f.id, canon.AppendQuoted(nil, m.decoder.id), len(m.decoder.tools)-1), int32(0), !f.numbered, int64(0)
	for i := range m.decoder.tools[:len(m.decoder.tools)-1] {
		o := &m.decoder.tools[i]
		if o.choice != t.choice {
			continue
		}
		taken = taken || o.shown == f.index
		next = max(next, o.shown+1)
		if o.serverID == string(id) {
			twin++
		}
	}
	t.shown, t.serverID, t.shownID = f.index, string(id), bytes.Clone(id)
	if taken {
		t.shown = next
	}
	if twin > 0 {
		t.shownID = canon.AppendCallID(nil, id, twin, false)
	}
}
