package canontest

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/catalogue"
	"github.com/headgate/headgate/policy/quirk"
)

// inDialect lists the files of corpora whose inputs are written in this dialect.
func (u *under) inDialect(f *testing.F, folder, ending string) (all []string) {
	f.Helper()
	for _, dir := range u.Seeds {
		all = append(all, files(f, dir, folder, "*.in."+ending)...)
	}
	answers, _ := filepath.Glob(filepath.Join(u.dir(), "answers", "*."+ending))
	if folder != "requests" {
		all = append(all, answers...)
	}
	return all
}

// FuzzRequest holds that whatever a client sends is refused or becomes valid JSON in its
// own dialect and in the other one, or is known to be impossible.
func FuzzRequest(f *testing.F, d dialect.Dialect, c *Corpus) {
	u := underTest(f, d, c)
	for _, file := range u.inDialect(f, "requests", "json") {
		var asked Asked
		if err := json.Unmarshal(load(f, file), &asked); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(asked.Body))
	}
	for _, file := range files(f, u.dir(), "requests", "*.out.json") {
		var out Translated
		if err := json.Unmarshal(load(f, file), &out); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(out.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := u.Decode(body)
		if err != nil {
			return
		}
		u.mendsOnce(t, body)
		for _, to := range []dialect.Dialect{u, u.from} {
			for _, quirks := range append([]quirk.Set{{}}, u.Quirks...) {
				target := canon.Target{Model: "m", Quirks: quirks}
				out, _, err := to.Encode(nil, r, target)
				if err != nil {
					knownImpossible(t, to, r, target)
				} else if mended, _, _ := to.Mend(out, &target); !json.Valid(out) || !json.Valid(mended) {
					t.Fatalf("%s: invalid JSON %s", to.Name(), out)
				}
			}
			for _, row := range catalogue.Builtin().Rows() {
				out, _, err := to.Encode(nil, r, canon.Target{Model: row.Model, MaxTokens: row.Set.Output, Traits: row.Set})
				if err == nil && !json.Valid(out) {
					t.Fatalf("%s for %s: invalid JSON %s", to.Name(), row.Model, out)
				}
			}
		}
		u.adapted(t, body)
	})
}

// mendsOnce holds that what is mended is JSON, and has nothing more to mend.
func (u *under) mendsOnce(t *testing.T, body []byte) {
	t.Helper()
	for _, quirks := range u.Quirks {
		target := canon.Target{Model: "m", Quirks: quirks}
		once, _, _ := u.Mend(body, &target)
		if !json.Valid(once) {
			t.Fatalf("%s mended: invalid JSON %s", body, once)
		}
		if twice, dropped, changed := u.Mend(once, &target); changed {
			t.Fatalf("%s mended: %s, and again: %s, dropped %q", body, once, twice, dropped)
		}
	}
}

// adapted holds that a body which passes to some model is valid JSON as it leaves.
func (u *under) adapted(t *testing.T, body []byte) {
	req := exchange.Request{Operation: exchange.Chat, Body: body}
	if v := u.Read(&req); v.Action != exchange.Pass {
		return
	}
	for _, row := range catalogue.Builtin().Rows() {
		to := &canon.Target{Model: row.Model, Traits: row.Set}
		if out, _, changed := u.Adapt(nil, &req, to); changed && !json.Valid(out) {
			t.Fatalf("%s for %s: invalid JSON %s", u.Name(), row.Model, out)
		}
	}
}

// FuzzAnswer holds that whatever a server answers is a fault or becomes valid JSON in
// its own dialect and in the other one.
func FuzzAnswer(f *testing.F, d dialect.Dialect, c *Corpus) {
	u := underTest(f, d, c)
	for _, file := range u.inDialect(f, "responses", "json") {
		f.Add(load(f, file))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := u.DecodeAnswer(body)
		if err != nil {
			return
		}
		for _, to := range []dialect.Dialect{u, u.from} {
			if out := to.EncodeAnswer(nil, r, asker); !json.Valid(out) {
				t.Fatalf("%s: invalid JSON %s", to.Name(), out)
			}
		}
	})
}

// FuzzStream holds that whatever a server streams, in whatever pieces, gives the same
// valid stream in the other dialect, whose end is either good or bad: from the other
// dialect to this one and from this one to the other.
func FuzzStream(f *testing.F, d dialect.Dialect, c *Corpus) {
	u := underTest(f, d, c)
	for _, file := range files(f, u.dir(), "streams", "*.in.sse") {
		f.Add(load(f, file), uint16(7))
	}
	for _, file := range u.inDialect(f, "streams", "sse") {
		f.Add(load(f, file), uint16(7))
	}
	f.Fuzz(func(t *testing.T, in []byte, size uint16) {
		pieces := Pieces(in, int(size)+1)
		whole := u.translate(in)
		if diff := cmp.Diff(string(whole), string(u.translate(pieces...))); diff != "" {
			t.Fatal(diff)
		}
		if _, ended, failed := u.Judge.Stream(t, whole); ended == failed {
			t.Fatalf("ended %v, failed %v: %s", ended, failed, whole)
		}
		there := func(chunks ...[]byte) string {
			return string(Stream(u.Decoder(false), u.from.Encoder(asker), chunks...))
		}
		if diff := cmp.Diff(there(in), there(pieces...)); diff != "" {
			t.Fatalf("to %s: %s", u.From, diff)
		}
	})
}

// FuzzFault holds that whatever a server says of an error becomes a valid one in its own
// dialect and in the other one.
func FuzzFault(f *testing.F, d dialect.Dialect, c *Corpus) {
	u := underTest(f, d, c)
	for kind := range u.Faults {
		body, status := u.EncodeFault(nil, &canon.Fault{Kind: kind, Message: "m", RequestID: "r"})
		f.Add(status, body)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		for _, to := range []dialect.Dialect{u, u.from} {
			out, got := to.EncodeFault(nil, u.DecodeFault(status, body))
			if !json.Valid(out) || got < 400 || got > 599 {
				t.Fatalf("%s: status %d: %s", to.Name(), got, out)
			}
		}
	})
}
