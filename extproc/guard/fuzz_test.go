package guard

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// FuzzStream holds of any text, in any pieces, that it leaves masked as a whole one, and as
// arguments of a tool stays JSON.
func FuzzStream(f *testing.F) {
	for _, c := range masked {
		f.Add(c.said, []byte{1, 2, 3})
	}
	f.Add("４１１１ 1111\u200b 1111 1111, a\u00a0project\n\nfalcon", []byte{1})
	s := compiled(f, masking)
	f.Fuzz(func(t *testing.T, said string, lengths []byte) {
		if !utf8.ValidString(said) || len(said) > 4096 {
			return
		}
		pieces := cutUp(said, lengths)
		v, _ := asks(t, s, user("Hi"))
		got, _ := answered(v, canon.EventText, pieces...)
		whole, _ := asks(t, s, user("Hi"))
		if want, _ := answered(whole, canon.EventText, said); got != want {
			t.Fatalf("%q: %q, want %q", pieces, got, want)
		}
		quoted, _ := json.Marshal(map[string]string{"k": said})
		v, _ = asks(t, s, user("Hi"))
		if args, _ := answered(v, canon.EventToolArgs, cutUp(string(quoted), lengths)...); !json.Valid([]byte(args)) {
			t.Fatalf("%q: %s", said, args)
		}
	})
}

// cutUp cuts a text into pieces of some lengths, over and over, between characters.
func cutUp(text string, lengths []byte) (pieces []string) {
	for i := 0; len(text) > 0; i++ {
		n := 1
		if len(lengths) > 0 {
			n = 1 + int(lengths[i%len(lengths)])
		}
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n++
		}
		n = min(n, len(text))
		pieces, text = append(pieces, text[:n]), text[n:]
	}
	return pieces
}

// FuzzRoundTrip holds of any text that what the provider gets has no secret left that the guard
// finds, and that an answer which says it again gives the client the text back.
func FuzzRoundTrip(f *testing.F) {
	for _, c := range masked {
		f.Add(c.said)
	}
	f.Add("[EMAIL_ADDRESS_1] a@example.com [EMAIL_ADDRESS_2] \\ \"b@example.com")
	f.Add("AAAAAAA  0010 0000!0100000000 0000000000000000000") // a placeholder is no word for what follows
	s := compiled(f, model+`guards: {input: [{pii: {}}]}`)
	f.Fuzz(func(t *testing.T, said string) {
		if !utf8.ValidString(said) || len(said) > 4096 {
			return
		}
		v, verdict := asks(t, s, user(said))
		if verdict.Action != exchange.Pass {
			t.Fatalf("%+v", verdict)
		}
		var sent struct{ Messages []struct{ Content string } }
		if err := json.Unmarshal(v.Exchange.Request.Body, &sent); err != nil {
			t.Fatal(err)
		}
		text := sent.Messages[0].Content
		again, _ := asks(t, s, user(text))
		if got := again.Exchange.Guards[0].Types; len(got) > 0 {
			t.Fatalf("%q holds %v", text, got)
		}
		if got, _ := answered(v, canon.EventText, cutUp(text, []byte{3})...); got != strings.ToValidUTF8(said, "") {
			t.Fatalf("%q came back as %q", said, got)
		}
	})
}
