package guards

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// splits are all ways to cut a text in two between bytes at which a character begins, the one
// into single characters, and the one into none.
func splits(text string) (all [][]string) {
	var single []string
	for i, c := range text {
		single = append(single, string(c))
		if i > 0 {
			all = append(all, []string{text[:i], text[i:]})
		}
	}
	return append(all, single, []string{text})
}

// splitGuards are the guards of the models that streams are split for.
var splitGuards = map[string]string{"mask": `{output: [{pii: {action: mask}}]}`, "deny": `{output: [{pii: {action: deny}}]}`}

// streams are the ways of clients that want a stream.
var streams = []gatewaytest.Way{{Dialect: "openai", Stream: true}, {Dialect: "anthropic", Stream: true}}

// splitCases are texts that hold something, and what a client gets of them.
var splitCases = []struct {
	name, text     string
	args, escape   bool
	masked, before string // before: what a client gets if it is refused
	absent         []string
}{
	{name: "text", text: "Write to " + mail + " today.", masked: "Write to [EMAIL_ADDRESS] today.", before: "Write to "},
	{name: "escaped text", text: "Write to " + mail + " today.", escape: true, masked: "Write to [EMAIL_ADDRESS] today.", before: "Write to "},
	{name: "text at the end", text: "Pay by " + card, masked: "Pay by [CREDIT_CARD]", before: "Pay by "},
	{name: "disguised text", text: "é: ４０１２ 8888\u200b 8888 1881, ok", masked: "é: [CREDIT_CARD], ok", before: "é: "},
	{name: "arguments", args: true, text: `{"to": "` + mail + `", "n": 1}`, masked: `{"to": "[EMAIL_ADDRESS]", "n": 1}`, before: `{"to": "`},
	{name: "escaped arguments", args: true, text: `{"to":"ada.lovelace\u0040example.com"}`, masked: `{"to":"[EMAIL_ADDRESS]"}`, before: `{"to":"`},
	{name: "a number in arguments", args: true, text: `{"card":4012888888881881,"n":1}`, masked: `{"card":"[CREDIT_CARD]","n":1}`, before: `{"card":`},
}

// TestNothingLeaksAtAnySplit holds that a client gets nothing of what is masked or refused in a
// stream, in whatever pieces it comes: split between events at any character, and in two writes
// of the provider at any byte.
func TestNothingLeaksAtAnySplit(t *testing.T) {
	t.Parallel()
	r := startPieced(t, splitGuards)
	for _, w := range streams {
		for _, backend := range backends {
			for i := range splitCases {
				c := &splitCases[i]
				t.Run(w.Dialect+" to "+backend+" "+c.name, func(t *testing.T) {
					t.Parallel()
					r := r.with(t)
					for _, p := range splits(c.text) {
						a := &answer{Pieces: p, Args: c.args, Escape: c.escape}
						r.checkMasked(t, w, backend, c.masked, a)
						r.checkCut(t, w, backend, c.before, a)
					}
				})
			}
		}
	}
}

// TestNothingLeaksInAnyWrite is the same for writes that end at any byte of the stream.
func TestNothingLeaksInAnyWrite(t *testing.T) {
	t.Parallel()
	r := startPieced(t, splitGuards)
	c := &splitCases[0]
	for _, w := range streams {
		for _, backend := range backends {
			t.Run(w.Dialect+" to "+backend, func(t *testing.T) {
				t.Parallel()
				r := r.with(t)
				a := answer{Pieces: []string{c.text[:12], c.text[12:20], c.text[20:]}}
				size := len(strings.Join(a.events(backend == "anthropic"), ""))
				for a.Write = 1; a.Write < size; a.Write++ {
					r.checkMasked(t, w, backend, c.masked, &a)
					r.checkCut(t, w, backend, c.before, &a)
				}
			})
		}
	}
}

func (r pieced) checkMasked(t *testing.T, w gatewaytest.Way, backend, want string, a *answer) {
	t.Helper()
	got, body := r.ask(t, w, "mask-"+backend, "", a)
	said := got.Text
	if a.Args {
		said = got.Args
	}
	if said != want || !got.Ended || got.Refusal != "" {
		t.Errorf("%q: %+v, want %q: %s", a.Pieces, got, want, body)
	}
}

const refusal = "The gateway's guard pii refused this answer: "

func (r pieced) checkCut(t *testing.T, w gatewaytest.Way, backend, before string, a *answer) {
	t.Helper()
	got, body := r.ask(t, w, "deny-"+backend, "", a)
	said, rest, _ := strings.Cut(got.Text+got.Refusal, refusal)
	if a.Args {
		said = got.Args
	}
	if said != before || rest == "" || !got.Ended || got.Finish != "content_filter" && got.Finish != "refusal" {
		t.Errorf("%q: %+v, want %q and a refusal: %s", a.Pieces, got, before, body)
	}
}
