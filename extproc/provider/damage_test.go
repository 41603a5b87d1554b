package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// damaged is a stream with events that cannot be read, and what a client gets of it.
type damaged struct {
	name       string
	events     []string
	text       string
	whole      bool
	unreadable int64
}

const (
	chatHead = `{"id":"c","model":"m","choices":[{"index":0,"delta":`
	chatStop = chatHead + `{},"finish_reason":"stop"}]}`
)

func chatText(s string) string { return chatHead + `{"content":"` + s + `"},"finish_reason":null}]}` }

func chatCounts(output, reasoning int) string {
	return fmt.Sprintf(`{"id":"c","model":"m","choices":[],"usage":{"prompt_tokens":2,"completion_tokens":%d,"completion_tokens_details":{"reasoning_tokens":%d}}}`, output, reasoning)
}

func half(event string) string { return event[:len(event)/2] }

var damagedChats = []damaged{
	{"nothing", []string{chatText("a"), chatStop, chatCounts(1, 0), done}, "a", true, 0},
	{"half a piece, and then the whole", []string{chatText("a"), half(chatText("b")), chatText("b"), chatStop, chatCounts(2, 0), done}, "ab", true, 1},
	{"the same of a model that reasons unseen", []string{half(chatText("b")), chatText("b"), chatStop, chatCounts(9, 8), done}, "b", true, 1},
	{"the same if no tokens are reported", []string{half(chatText("b")), chatText("b"), chatStop, done}, "b", false, 1},
	{"the same if more tokens are reported than pieces came", []string{half(chatText("b")), chatText("b"), chatStop, chatCounts(2, 0), done}, "b", false, 1},
	{"the same twice", []string{half(chatText("a")), chatText("a"), chatText("b")[:80], chatText("b"), chatStop, chatCounts(2, 0), done}, "ab", true, 2},
	{"half a piece in its place", []string{chatText("a"), half(chatText("b")), chatText("c"), chatStop, chatCounts(3, 0), done}, "ac", false, 1},
	{"more than half in its place", []string{chatText("a"), chatText("bbb")[:70], chatText("c"), chatStop, chatCounts(3, 0), done}, "a", false, 1},
	{"a piece in its place of a model that reasons in one token", []string{chatHead + `{"reasoning_content":"r"}}]}`, chatText("a"), half(chatText("b")), chatText("c"), chatStop, chatCounts(4, 1), done}, "rac", false, 1},
	{"the last piece", []string{chatText("a"), half(chatText("b")), chatStop, chatCounts(2, 0), done}, "a", false, 1},
	{"a byte of a piece", []string{chatText("a"), chatText("b\x00"), chatText("c"), chatStop, chatCounts(3, 0), done}, "a", false, 1},
	{"half a piece twice", []string{half(chatText("a")), half(chatText("a")), chatText("a"), chatStop, chatCounts(1, 0), done}, "", false, 2},
	{"half a piece before the end marker", []string{chatText("a"), half(chatText("b")), done}, "a", false, 1},
	{"the end of a piece alone", []string{chatText("a"), chatText("b")[60:], chatText("c"), chatStop, done}, "ac", false, 1},
	{"an opening bracket", []string{chatText("a"), `{`, chatText("c"), chatStop, chatCounts(3, 0), done}, "ac", false, 1},
	{"arguments of a call", []string{chatHead + `{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{\"a\":"}}]}}]}`,
		chatHead + `{"tool_calls":[{"index":0,"function":{"arguments":"1`, chatHead + `{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}}]}`, chatStop, chatCounts(9, 0), done}, `{\"a\":`, false, 1},
	{"a beginning", []string{chatHead + `{"role":"assistant","content":""}}],"usa`, chatText("a"), chatStop, done}, "a", true, 1},
	{"a report between pieces", []string{chatText("a"), chatCounts(1, 0)[:50], chatText("b"), chatStop, done}, "ab", true, 1},
	{"a report at the end", []string{chatText("a"), chatStop, half(chatCounts(1, 0)), done}, "a", true, 1},
	{"an end marker", []string{chatText("a"), chatStop, `[DON`}, "a", true, 1},
	{"after the end", []string{chatText("a"), chatStop, done, half(chatText("b"))}, "a", true, 1},
	{"a ping", []string{chatText("a"), `ping {"typ`, chatText("b"), chatStop, done}, "ab", true, 1},
	{"what no dialect says", []string{chatText("a"), `oops`, `{oops}`, `<html>`, `{"status":"bu`, chatText("b"), chatStop, done}, "ab", true, 4},
	{"an error", []string{chatText("a"), `{"error":{"message":"over`, chatText("b"), chatStop, done}, "a", false, 1},
	{"an error by its name", []string{chatText("a"), `error {"mess`, chatText("b"), chatStop, done}, "a", false, 1},
}

func messageText(s string) string {
	return `content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + s + `"}}`
}

func messageEnd(output int) string {
	return fmt.Sprintf(`message_delta {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":%d}}`, output)
}

const (
	messageBegin = `message_start {"type":"message_start","message":{"id":"c","model":"m","content":[],"usage":{"input_tokens":2,"output_tokens":1}}}`
	blockBegin   = `content_block_start {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	blockEnd     = `content_block_stop {"type":"content_block_stop","index":0}`
	messageStop  = `message_stop {"type":"message_stop"}`
)

var damagedMessages = []damaged{
	{"nothing", message(1, messageText("a")), "a", true, 0},
	{"half a piece, and then the whole", message(2, messageText("a"), messageText("b")[:50], messageText("b")), "ab", true, 1},
	{"the same if fewer tokens are reported than pieces came", message(1, messageText("a"), messageText("b")[:50], messageText("b")), "ab", false, 1},
	{"half a piece in its place", message(3, messageText("a"), messageText("b")[:50], messageText("c")), "ac", false, 1},
	{"the last piece", message(2, messageText("a"), messageText("b")[:50]), "a", false, 1},
	{"a piece without its name", message(3, messageText("a"), messageText("b")[20:70], messageText("c")), "a", false, 1},
	{"a ping", message(1, `ping {"ty`, messageText("a"), `{"type":"ping","x`), "a", true, 2},
	{"what no dialect says", message(1, messageText("a"), `oops`, `{"status":"bu`, `noise {"type":"content_block_de`), "a", true, 3},
	{"an error", message(1, messageText("a"), `error {"type":"err`), "a", false, 1},
	{"a beginning twice", append([]string{messageBegin[:40]}, message(1, messageText("a"))...), "a", true, 1},
	{"a beginning in its place", append([]string{messageBegin[:40]}, message(1, messageText("a"))[1:]...), "", false, 1},
	{"the beginning of a block twice", []string{messageBegin, blockBegin[:60], blockBegin, messageText("a"), blockEnd, messageEnd(1), messageStop}, "a", true, 1},
	{"the end of a block", []string{messageBegin, blockBegin, messageText("a"), blockEnd[:30], messageEnd(1), messageStop}, "a", false, 1},
	{"the reason of the end", []string{messageBegin, blockBegin, messageText("a"), blockEnd, half(messageEnd(1)), messageStop}, "a", false, 1},
	{"the end twice", []string{messageBegin, blockBegin, messageText("a"), blockEnd, messageEnd(1), messageStop[:20], messageStop}, "a", true, 1},
	{"the end", []string{messageBegin, blockBegin, messageText("a"), blockEnd, messageEnd(1), messageStop[:20]}, "a", false, 1},
}

// message is a stream with these events in its only block.
func message(output int, events ...string) []string {
	all := append([]string{messageBegin, blockBegin}, events...)
	return append(all, blockEnd, messageEnd(output), messageStop)
}

// TestWhatCannotBeReadIsLeftOut holds, in a stream that passes, one that stages read and one
// that is translated, that what cannot be read never reaches the client, and that an answer
// ends as whole only if nothing of it is missing for certain.
func TestWhatCannotBeReadIsLeftOut(t *testing.T) {
	for name, cases := range map[string][]damaged{"openai": damagedChats, "anthropic": damagedMessages, "responses": damagedResponses} {
		for _, c := range cases {
			stream := sse(c.events...)
			for _, size := range []int{1, 7, 61, len(stream)} {
				for way, play := range map[string]func(*testing.T, string, []byte, int) damaged{"passes": playPassing, "read": playRead, "translated": playTranslated} {
					want := c
					if way == "translated" && c.name == "after the end" {
						want.unreadable = 0 // a translated answer is over
					}
					t.Run(fmt.Sprintf("%s, %s, %s, in pieces of %d", name, c.name, way, size), func(t *testing.T) {
						got := play(t, name, stream, size)
						got.name, got.events = c.name, c.events
						if d := cmp.Diff(want, got, cmp.AllowUnexported(damaged{})); d != "" {
							t.Errorf("-want +got:\n%s", d)
						}
					})
				}
			}
		}
	}
}

// playPassing plays a stream whose bytes pass, and reads what the client gets.
func playPassing(t *testing.T, name string, stream []byte, size int) damaged {
	t.Helper()
	ex := &exchange.Exchange{}
	ex.Request.WantUsage = true
	s := newStream(&target{dialect: dialect.ByName(name)}, ex, false)
	var out []byte
	for _, piece := range append(slices.Collect(slices.Chunk(stream, size)), nil) {
		got, err := s.Pass(piece, piece == nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, got...)
	}
	d := damaged{unreadable: ex.Response.Unreadable}
	decoder := dialect.ByName(name).Decoder(false)
	for event := range bytes.SplitAfterSeq(out, []byte("\n\n")) {
		if data := scan.Event(event).Data(); data != nil && string(data) != done && !json.Valid(data) {
			t.Errorf("the client gets %q", event)
		}
		d.take(decoder.Next(event))
	}
	d.take(decoder.End(nil))
	if failed := ex.Response.Failed || !ex.Response.SawEnd; failed == d.whole {
		t.Errorf("failed %t, the end was seen: %t", ex.Response.Failed, ex.Response.SawEnd)
	}
	return d
}

// playRead plays a stream of which stages see the events.
func playRead(t *testing.T, name string, stream []byte, size int) damaged {
	t.Helper()
	return playEvents(t, newStream(&target{dialect: dialect.ByName(name)}, &exchange.Exchange{}, false), stream, size)
}

// playTranslated plays a stream to a client of the other dialect.
func playTranslated(t *testing.T, name string, stream []byte, size int) damaged {
	t.Helper()
	ex := &exchange.Exchange{}
	ex.Response.Translates = true
	return playEvents(t, newStream(&target{dialect: dialect.ByName(name)}, ex, false), stream, size)
}

func playEvents(t *testing.T, s *stream, stream []byte, size int) (d damaged) {
	t.Helper()
	for _, piece := range append(slices.Collect(slices.Chunk(stream, size)), nil) {
		if err := s.Feed(piece, piece == nil); err != nil {
			t.Fatal(err)
		}
		for events := s.Next(); events != nil; events = s.Next() {
			d.take(events)
		}
	}
	d.unreadable = s.ex.Response.Unreadable
	return d
}

// take notes text and end.
func (d *damaged) take(events []canon.Event) {
	for i := range events {
		ev := &events[i]
		if ev.Says() {
			d.text += string(canon.Inside(ev.Text))
		}
		d.whole = d.whole || ev.Kind == canon.EventDone
	}
}

// TestAWholeAnswerIsMadeWithoutWhatCannotBeRead holds the same where one answer is made of a
// stream: what may not be whole is no answer.
func TestAWholeAnswerIsMadeWithoutWhatCannotBeRead(t *testing.T) {
	for name, cases := range map[string][]damaged{"openai": damagedChats, "anthropic": damagedMessages, "responses": damagedResponses} {
		for _, c := range cases {
			f := newFold(&target{dialect: dialect.ByName(name)}, &exchange.Request{}, false)
			f.Feed(sse(c.events...), true)
			if whole := f.fault == nil; whole != c.whole || whole && f.resp.Unreadable != c.unreadable {
				t.Errorf("%s, %s: whole %t without %d events, %v", name, c.name, whole, f.resp.Unreadable, f.fault)
			}
			if body, _ := f.folder.Answer(nil); c.whole && !bytes.Contains(body, []byte(`"`+c.text+`"`)) {
				t.Errorf("%s, %s: %s", name, c.name, body)
			}
		}
	}
}
