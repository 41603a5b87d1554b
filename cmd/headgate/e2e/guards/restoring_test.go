package guards

import (
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// restoreCases are answers that name a placeholder, and what the client gets of them.
var restoreCases = []struct {
	name, text, want string
	args, escape     bool
}{
	{name: "text", text: "Dear [EMAIL_ADDRESS_1], hello [EMAIL_ADDRESS_2].", want: "Dear " + mail + ", hello [EMAIL_ADDRESS_2]."},
	{name: "escaped text", text: "Dear [EMAIL_ADDRESS_1]!", escape: true, want: "Dear " + mail + "!"},
	{name: "text at the end", text: "[[EMAIL_ADDRESS_1] [EMAIL_ADDRESS_1", want: "[" + mail + " [EMAIL_ADDRESS_1"},
	{name: "arguments", args: true, text: `{"to":"[EMAIL_ADDRESS_1]","n":[1]}`, want: `{"to":"` + mail + `","n":[1]}`},
	{name: "escaped arguments", args: true, text: `{"to":"\u005bEMAIL_ADDRESS_1]"}`, want: `{"to":"` + mail + `"}`},
}

// TestWhatWasMaskedIsPutBack holds that a client finds in the answer what it has sent wherever the
// model names the placeholder, in text and in arguments of tools, whole and split at any
// character of a stream.
func TestWhatWasMaskedIsPutBack(t *testing.T) {
	t.Parallel()
	r := startPieced(t, map[string]string{"masked": masksAll, "kept": `{input: [{pii: {action: mask, restore: false}}]}`})
	for _, w := range gatewaytest.Ways {
		for _, backend := range backends {
			for i := range restoreCases {
				c := &restoreCases[i]
				t.Run(w.String()+" to "+backend+" "+c.name, func(t *testing.T) {
					t.Parallel()
					r, all := r.with(t), [][]string{{c.text}}
					if w.Stream {
						all = splits(c.text)
					}
					for _, p := range all {
						a := &answer{Pieces: p, Args: c.args, Escape: c.escape}
						r.checkRestored(t, w, "masked-"+backend, c.want, a)
					}
					if !c.args && !c.escape {
						r.checkRestored(t, w, "kept-"+backend, c.text, &answer{Pieces: all[0]})
					}
				})
			}
		}
	}
}

func (r pieced) checkRestored(t *testing.T, w gatewaytest.Way, model, want string, a *answer) {
	t.Helper()
	got, body := r.ask(t, w, model, "I am "+mail+". ", a)
	said := got.Text
	if a.Args {
		said = got.Args
	}
	if said != want || w.Stream && !got.Ended {
		t.Errorf("%q: %+v, want %q: %s", a.Pieces, got, want, body)
	}
}
