package canontest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

// Conversation returns an OpenAI request of so many turns with so many bytes each.
func Conversation(turns, size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"model":"assistant","temperature":0.5,"max_completion_tokens":512,"messages":[{"role":"system","content":"Be brief."}`)
	for i := range turns {
		role := [...]string{"user", "assistant"}[i%2]
		fmt.Fprintf(&b, `,{"role":%q,"content":"%s"}`, role, strings.Repeat(`some \"text\"\n`, max(1, size/14)))
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// MessagesConversation is the same for Anthropic.
func MessagesConversation(turns, size int) []byte {
	b := Conversation(turns, size)
	b = bytes.Replace(b, []byte("max_completion_tokens"), []byte("max_tokens"), 1)
	b = bytes.Replace(b, []byte(`"messages":[{"role":"system","content":"Be brief."},`), []byte(`"system":"Be brief.","messages":[`), 1)
	return b
}

// Flow translates the middle of a stream over and over: what a chunk costs.
type Flow struct {
	Decoder Decoder
	Encoder Encoder
	Event   scan.Event
	out     []byte
}

// Once translates the event once and returns how many bytes came out.
func (f *Flow) Once() int {
	f.out = f.out[:0]
	events := f.Decoder.Next(f.Event)
	for i := range events {
		f.out = f.Encoder.Append(f.out, &events[i])
	}
	return len(f.out)
}

// Start translates what comes before the event.
func (f *Flow) Start(events ...string) {
	for _, ev := range events {
		all := f.Decoder.Next(scan.Event(ev))
		for i := range all {
			f.Encoder.Append(nil, &all[i])
		}
	}
}
