package provider

import (
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// unstreamedAnswer is what is known of an answer that came as a stream and is none.
type unstreamedAnswer struct {
	said  string
	fault string // its message; empty: there is an answer
	heard heard
}

// playUnstreamed takes an answer as a stream of the client's own dialect, or of another.
func playUnstreamed(t *testing.T, text string, size int, translates bool) (a unstreamedAnswer) {
	t.Helper()
	ex := &exchange.Exchange{}
	ex.Request.Operation, ex.Response.Translates = exchange.Chat, translates
	s := newStream(&target{dialect: dialect.ByName("openai")}, ex, false)
	take := func(events []canon.Event) {
		for _, ev := range events {
			if ev.Says() {
				a.said += string(canon.Inside(ev.Text))
			}
			if ev.Kind == canon.EventFailed {
				a.fault = ev.Fault.Message
			}
		}
	}
	for _, piece := range append(slices.Collect(slices.Chunk([]byte(text), size)), nil) {
		last := piece == nil
		if translates {
			if err := s.Feed(piece, last); err != nil {
				t.Fatal(err)
			}
			for events := s.Next(); events != nil; events = s.Next() {
				take(events)
			}
			continue
		}
		if out, err := s.Pass(piece, last); len(out) > 0 || err != nil {
			t.Fatalf("%q passes, %v", out, err)
		}
		take(s.Whole())
	}
	if s.Whole() != nil {
		t.Error("the answer is given twice")
	}
	a.heard = heardIn(ex)
	return a
}

const unstreamedChat = `{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":7}}`

// TestWhatComesAsAStreamAndIsNone holds what is made of it, in pieces of any size.
func TestWhatComesAsAStreamAndIsNone(t *testing.T) {
	answer := unstreamedAnswer{said: "hi", heard: heard{ID: "c", Model: "m", Ended: true, Usage: chatUsage("", canon.UsageProvider)}}
	cut := heard{Failed: true}
	for name, c := range map[string]struct {
		text string
		want unstreamedAnswer
	}{
		"an answer":                     {unstreamedChat, answer},
		"one after a byte order mark":   {"\ufeff" + unstreamedChat, answer},
		"one after blank lines":         {"\n\n\n\n" + unstreamedChat + "\n", answer},
		"an error":                      {`{"error":{"message":"no","code":500}}`, unstreamedAnswer{fault: "no", heard: cut}},
		"several texts":                 {"{\"a\":1}\n{\"b\":2}\n", unstreamedAnswer{fault: "cannot be read", heard: cut}},
		"half of an answer":             {unstreamedChat[:len(unstreamedChat)-1], unstreamedAnswer{fault: "cannot be read", heard: heard{Failed: true}}},
		"the page of an error":          {"<html>\n\n<p>Bad gateway</p>\n\n</html>", unstreamedAnswer{fault: "neither a stream of events nor JSON", heard: cut}},
		"the text of an error":          {"upstream connect error\n\n", unstreamedAnswer{fault: "neither a stream of events nor JSON", heard: cut}},
		"an answer beyond the boundary": {`{"x":"` + strings.Repeat("x", maxPlain), unstreamedAnswer{fault: "longer than", heard: cut}},
	} {
		for _, translates := range []bool{false, true} {
			for _, size := range []int{1, 61, 1 << 20} {
				if size < 1<<20 && len(c.text) > 1<<20 {
					continue
				}
				got := playUnstreamed(t, c.text, size, translates)
				if got.said != c.want.said || (got.fault == "") != (c.want.fault == "") || !strings.Contains(got.fault, c.want.fault) || got.heard != c.want.heard {
					t.Errorf("%s in pieces of %d, translated %v: %+v", name, size, translates, got)
				}
			}
		}
	}
}
