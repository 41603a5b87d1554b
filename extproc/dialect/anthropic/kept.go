package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// KeptIDs implements dialect.Keeper: Anthropic keeps a conversation as a thread, which goes on
// from the id of its last message.
func (Dialect) KeptIDs(body []byte) (ids []canon.KeptID, keeps bool) {
	if !canon.MayName(body, threadField) {
		return nil, false
	}
	m := scan.Document(body)
	for m.Next() {
		if string(m.Key()) != threadField || canon.Void(m.Value()) {
			continue
		}
		keeps = true
		thread := m.Value().Fields()
		for thread.Next() {
			if string(thread.Key()) == "previous_message_id" && thread.Value().Kind() == scan.String {
				ids = append(ids, canon.KeptID{Text: thread.Value(), Field: threadField})
			}
		}
	}
	return ids, keeps
}

// GivenIDs implements dialect.Keeper.
func (Dialect) GivenIDs(text []byte, found func(scan.Value)) {
	m := scan.Document(text)
	for m.Next() {
		switch string(m.Key()) {
		case "id":
			found(m.Value())
		case "message":
			if id := m.Value().Get("id"); id != nil {
				found(id)
			}
		}
	}
}

// noteThread finds out what becomes of a thread where no server keeps it: one that is to begin
// is answered all the same, and one that is to go on would lose all that came before.
func noteThread(extra []canon.Member) {
	for i := range extra {
		if m := &extra[i]; string(m.Name) == threadField && canon.Str(m.Value.Get("type")) == "create" {
			m.Tuning = true
		}
	}
}
