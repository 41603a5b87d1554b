package responses

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// The ids by which OpenAI's servers find what they keep (openai-go v3.98.0: ResponseNewParams,
// ResponseInputItemUnionParam). Files, vector stores, prompts and containers have ids, too:
// they are the account's, and no response has made them.

// The members of a request that name something kept.
const (
	previousField     = "previous_response_id"
	conversationField = "conversation"
	inputField        = "input"
	storeField        = "store"
)

// KeptIDs implements dialect.Keeper: OpenAI keeps a response, with its items, unless the request
// says store: false. Of an item that is sent whole the id is named all the same.
func (Dialect) KeptIDs(body []byte) (ids []canon.KeptID, keeps bool) {
	keeps = true
	m := scan.Document(body)
	for m.Next() {
		switch v := m.Value(); string(m.Key()) {
		case previousField:
			ids = keptID(ids, previousField, v)
		case conversationField:
			ids = keptID(ids, conversationField, v)
			members := v.Fields()
			for members.Next() {
				if string(members.Key()) == "id" {
					ids = keptID(ids, conversationField, members.Value())
				}
			}
		case inputField:
			items := v.Elements()
			for items.Next() {
				ids = keptInItem(ids, items.Value())
			}
		case storeField:
			keeps = keeps && string(v) != "false"
		}
	}
	for i := range ids {
		ids[i].Bare = ids[i].Bare && keeps // else its server has given the id to nobody
	}
	return ids, keeps || len(ids) > 0
}

func keptID(ids []canon.KeptID, field string, v scan.Value) []canon.KeptID {
	if v.Kind() != scan.String {
		return ids
	}
	return append(ids, canon.KeptID{Text: v, Field: field})
}

// keptInItem adds the ids in an item: its own, and that of the request to a person that it answers.
// An item without a type and a role is a reference, and so is an image that was made, without its
// data (https://developers.openai.com/api/docs/guides/image-generation, multi-turn editing).
func keptInItem(ids []canon.KeptID, item scan.Value) []canon.KeptID {
	from, kind, whole := len(ids), "", false
	m := item.Fields()
	for m.Next() {
		switch v := m.Value(); string(m.Key()) {
		case "id", "approval_request_id":
			ids = keptID(ids, inputField, v)
		case "role":
			whole = whole || !canon.Void(v)
		case "type":
			if kind = canon.Str(v); kind == "item_reference" {
				return referred(ids, from, item)
			}
			whole = whole || kind != ""
		}
	}
	for i := from; i < len(ids); i++ {
		id := &ids[i]
		id.Minted = minted(id.Text)
		id.Also = whole && (kind != "image_generation_call" || says(item, "result"))
		id.Bare = kind == "reasoning" && !id.Minted && !says(item, "encrypted_content") && !says(item, "content")
	}
	return ids
}

// says reports whether a member of an item has something in it, whichever of several counts.
func says(item scan.Value, name string) (says bool) {
	m := item.Fields()
	for m.Next() {
		if string(m.Key()) != name {
			continue
		}
		if says = !canon.Void(m.Value()); !says {
			return false
		}
	}
	return says
}

// referred adds the ids in an item that stands for one that is kept.
func referred(ids []canon.KeptID, from int, item scan.Value) []canon.KeptID {
	ids = ids[:from]
	m := item.Fields()
	for m.Next() {
		if string(m.Key()) == "id" {
			ids = keptID(ids, inputField, m.Value())
		}
	}
	for i := from; i < len(ids); i++ {
		ids[i].Minted = minted(ids[i].Text)
	}
	return ids
}

// minted reports whether an id of an item is one that the encoder of answers has made.
func minted(id scan.Value) bool {
	_, rest, ok := bytes.Cut(canon.Inside(id), []byte{'_'})
	return ok && bytes.HasPrefix(rest, []byte(mintMark))
}

// GivenIDs implements dialect.Keeper. What holds ids is a response, an event of its stream, a list
// of items, or the notice that a response is deleted.
func (Dialect) GivenIDs(text []byte, found func(scan.Value)) {
	m := scan.Document(text)
	givenIn(&m, found)
}

func givenIn(m *scan.Members, found func(scan.Value)) {
	for m.Next() {
		switch v := m.Value(); string(m.Key()) {
		case "id", "item_id", previousField, "first_id", "last_id":
			found(v)
		case conversationField:
			if v.Kind() == scan.String {
				found(v)
			}
			idsIn(v, found)
		case "item":
			idsIn(v, found)
		case "output", "data":
			items := v.Elements()
			for items.Next() {
				idsIn(items.Value(), found)
			}
		case "response":
			members := v.Fields()
			givenIn(&members, found)
		}
	}
}

// idsIn calls found with the ids in an item, or in another object.
func idsIn(object scan.Value, found func(scan.Value)) {
	m := object.Fields()
	for m.Next() {
		if key := string(m.Key()); key == "id" || key == "approval_request_id" {
			found(m.Value())
		}
	}
}
