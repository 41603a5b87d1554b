package responses_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/openai/openai-go/v3/responses"

	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/scan"
)

// sdkStream holds a stream against what clients rely on, by the SDK's types: each event is
// of a kind that they know, the numbers have no gaps, what was added is done, pieces add up
// to the whole, and the last response holds the items that were done.
func sdkStream(t testing.TB, stream []byte) (h canontest.Heard, ended, isFailed bool) {
	t.Helper()
	return sdkStreamOf(t, stream, false)
}

// sdkStreamOf is the same of a stream whose numbers only grow, if gaps is set.
func sdkStreamOf(t testing.TB, stream []byte, gaps bool) (h canontest.Heard, ended, isFailed bool) {
	t.Helper()
	s := seen{t: t, items: map[int64]*seenItem{}, gaps: gaps}
	var split scan.Splitter
	split.Feed(stream)
	for {
		ev, err := split.Next()
		if err != nil || ev == nil {
			break
		}
		if s.last != nil {
			t.Fatalf("%s after the end", ev)
		}
		event := canontest.Read[sdk.ResponseStreamEventUnion](t, ev.Data())
		if string(ev.Field("event")) != event.Type {
			t.Fatalf("event %q with data of %q", ev.Field("event"), event.Type)
		}
		s.numbered(event)
		s.hear(event)
	}
	if len(split.Rest()) > 0 {
		t.Fatalf("no blank line after %q", split.Rest())
	}
	if s.last == nil {
		return h, false, s.failed
	}
	s.adds()
	if h = heard(t, s.last); s.failed {
		h.Finish = ""
	}
	return h, !s.failed, s.failed
}

// seen is what was heard of a stream.
type seen struct {
	t      testing.TB
	events int64 // the number of the next one
	gaps   bool
	items  map[int64]*seenItem
	last   *sdk.Response
	failed bool
}

type seenItem struct {
	id, kind string
	parts    []seenPart
	text     string // of a call
	whole    string // the item as it was done
}

type seenPart struct {
	text, done string
	closed     bool
}

// numbered holds the sequence number of an event. Recordings of earlier servers have none.
func (s *seen) numbered(event *sdk.ResponseStreamEventUnion) {
	s.t.Helper()
	if event.JSON.SequenceNumber.Valid() && (event.SequenceNumber < s.events || !s.gaps && event.SequenceNumber > s.events) {
		s.t.Fatalf("event %d has the number %d: %s", s.events, event.SequenceNumber, event.RawJSON())
	}
	s.events = max(s.events, event.SequenceNumber) + 1
}

func (s *seen) hear(event *sdk.ResponseStreamEventUnion) {
	s.t.Helper()
	switch e := event.AsAny().(type) {
	case sdk.ResponseCreatedEvent, sdk.ResponseInProgressEvent:
		if len(s.items) > 0 {
			s.t.Fatalf("%s after an item", event.Type)
		}
	case sdk.ResponseOutputItemAddedEvent:
		if s.items[e.OutputIndex] != nil {
			s.t.Fatalf("item %d is added twice", e.OutputIndex)
		}
		s.items[e.OutputIndex] = &seenItem{id: e.Item.ID, kind: e.Item.Type}
	case sdk.ResponseOutputItemDoneEvent:
		s.done(e.OutputIndex, &e.Item)
	case sdk.ResponseContentPartAddedEvent:
		s.part(e.OutputIndex, e.ItemID, e.ContentIndex, true)
	case sdk.ResponseTextDeltaEvent:
		s.part(e.OutputIndex, e.ItemID, e.ContentIndex, false).text += e.Delta
	case sdk.ResponseTextDoneEvent:
		s.part(e.OutputIndex, e.ItemID, e.ContentIndex, false).done = e.Text
	case sdk.ResponseRefusalDeltaEvent:
		s.part(e.OutputIndex, e.ItemID, e.ContentIndex, false).text += e.Delta
	case sdk.ResponseRefusalDoneEvent:
		s.part(e.OutputIndex, e.ItemID, e.ContentIndex, false).done = e.Refusal
	case sdk.ResponseContentPartDoneEvent:
		s.closes(s.part(e.OutputIndex, e.ItemID, e.ContentIndex, false), e.Part.Text+e.Part.Refusal)
	case sdk.ResponseReasoningSummaryPartAddedEvent:
		s.part(e.OutputIndex, e.ItemID, e.SummaryIndex, true)
	case sdk.ResponseReasoningSummaryTextDeltaEvent:
		s.part(e.OutputIndex, e.ItemID, e.SummaryIndex, false).text += e.Delta
	case sdk.ResponseReasoningSummaryTextDoneEvent:
		s.part(e.OutputIndex, e.ItemID, e.SummaryIndex, false).done = e.Text
	case sdk.ResponseReasoningSummaryPartDoneEvent:
		s.closes(s.part(e.OutputIndex, e.ItemID, e.SummaryIndex, false), e.Part.Text)
	case sdk.ResponseFunctionCallArgumentsDeltaEvent:
		s.item(e.OutputIndex, e.ItemID).text += e.Delta
	case sdk.ResponseFunctionCallArgumentsDoneEvent:
		s.equal("arguments", s.item(e.OutputIndex, e.ItemID).text, e.Arguments)
	case sdk.ResponseCustomToolCallInputDeltaEvent:
		s.item(e.OutputIndex, e.ItemID).text += e.Delta
	case sdk.ResponseCustomToolCallInputDoneEvent:
		s.equal("input", s.item(e.OutputIndex, e.ItemID).text, e.Input)
	case sdk.ResponseCompletedEvent:
		s.last = &e.Response
	case sdk.ResponseIncompleteEvent:
		s.last = &e.Response
	case sdk.ResponseFailedEvent:
		s.last, s.failed = &e.Response, true
	case sdk.ResponseErrorEvent:
		s.failed = true
	case nil:
		s.t.Fatalf("the SDK does not know the event %s", event.RawJSON())
	}
}

func (s *seen) item(index int64, id string) *seenItem {
	s.t.Helper()
	it := s.items[index]
	if it == nil || it.id != id || it.whole != "" {
		s.t.Fatalf("a piece of item %d, %q, which is %+v", index, id, it)
	}
	return it
}

func (s *seen) part(index int64, id string, n int64, added bool) *seenPart {
	s.t.Helper()
	it := s.item(index, id)
	if added {
		it.parts = append(it.parts, seenPart{})
	}
	if n != int64(len(it.parts))-1 || it.parts[n].closed {
		s.t.Fatalf("a piece of part %d of item %d, which has %+v", n, index, it.parts)
	}
	return &it.parts[n]
}

func (s *seen) closes(p *seenPart, text string) {
	s.t.Helper()
	s.equal("pieces of a part", p.text, p.done)
	s.equal("part", p.text, text)
	p.closed = true
}

func (s *seen) equal(what, want, got string) {
	s.t.Helper()
	if want != got {
		s.t.Fatalf("%s: in pieces %q, at the end %q", what, want, got)
	}
}

func (s *seen) done(index int64, item *sdk.ResponseOutputItemUnion) {
	s.t.Helper()
	it := s.item(index, item.ID)
	it.whole = item.RawJSON()
	for _, p := range it.parts {
		if !p.closed {
			s.t.Fatalf("item %d is done with an open part", index)
		}
	}
	said := ""
	for _, b := range blocks(s.t, item) {
		if kind, text, _ := strings.Cut(b, " "); kind == "text" || kind == "refusal" || kind == "summary" {
			said += text
		}
	}
	all := ""
	for _, p := range it.parts {
		all += p.text
	}
	s.equal("item", all, said)
	s.equal("call", it.text, item.Arguments.OfString+item.Input)
}

// adds holds that the last response repeats the items that were done, and no more. One that
// failed leaves out what was not.
func (s *seen) adds() {
	s.t.Helper()
	n := 0
	for index := int64(0); index < int64(len(s.items)); index++ {
		it := s.items[index]
		switch {
		case it == nil:
			s.t.Fatalf("no item %d", index)
		case it.whole == "" && s.failed:
			continue
		case it.whole == "" || n >= len(s.last.Output):
			s.t.Fatalf("item %d, %q, is not done", index, it.kind)
		}
		if diff := cmp.Diff(tree(s.t, it.whole), tree(s.t, s.last.Output[n].RawJSON())); diff != "" {
			s.t.Fatalf("item %d (-done +in the response) %s", index, diff)
		}
		n++
	}
	if n != len(s.last.Output) {
		s.t.Fatalf("the response has %d items, %d were done", len(s.last.Output), n)
	}
}

func tree(t testing.TB, body string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
