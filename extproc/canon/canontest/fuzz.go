package canontest

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/extproctest/wild"
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

// choices choose seeds by the grammar of wild, if it has one of the dialect.
func (u *under) choices() (all [][]byte) {
	if lost[u.Name()] == nil {
		return nil
	}
	for seed := range uint64(60) {
		r, some := NewRandom(seed), make([]byte, 12)
		for i := range some {
			some[i] = byte(r.IntN(256))
		}
		all = append(all, some)
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
// every dialect, and a stream that ends in this one, and that reading it takes no more memory
// than its length allows.
func FuzzAnswer(f *testing.F, d dialect.Dialect, c *Corpus) {
	u := underTest(f, d, c)
	for _, file := range u.inDialect(f, "responses", "json") {
		f.Add(load(f, file))
	}
	for _, choices := range u.choices() {
		f.Add(wild.Answer(u.Name(), choices))
	}
	own := selfJudge(d) // an SDK does not know what servers make up
	f.Fuzz(func(t *testing.T, body []byte) {
		var r *canon.Response
		var err error
		bounded(t, len(body), func() { r, err = u.DecodeAnswer(body) })
		if err != nil {
			return
		}
		for _, to := range u.clients() {
			if out := to.EncodeAnswer(nil, r, asker); !json.Valid(out) {
				t.Fatalf("%s: invalid JSON %s", to.Name(), out)
			}
		}
		var out []byte
		w := u.Encoder(asker)
		for _, ev := range r.Events() {
			out = w.Append(out, &ev)
		}
		if _, ended, failed := own.Stream(t, out); ended == failed {
			t.Fatalf("ended %v, failed %v: %s", ended, failed, out)
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
	for _, choices := range u.choices() {
		f.Add(wild.Stream(u.Name(), choices), uint16(7))
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
		bounded(t, len(in), func() { StreamSaid(u, in) })
		there := func(chunks ...[]byte) string {
			return string(Stream(u.Decoder(false), u.from.Encoder(asker), chunks...))
		}
		if diff := cmp.Diff(there(in), there(pieces...)); diff != "" {
			t.Fatalf("to %s: %s", u.From, diff)
		}
	})
}

// FuzzFault holds that whatever a server says of an error becomes a valid one in every
// dialect.
func FuzzFault(f *testing.F, d dialect.Dialect, c *Corpus) {
	u := underTest(f, d, c)
	for kind := range u.Faults {
		body, status := u.EncodeFault(nil, &canon.Fault{Kind: kind, Message: "m", RequestID: "r"})
		f.Add(status, body)
	}
	for i, choices := range u.choices() {
		f.Add(400+i, wild.Error(u.Name(), choices))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		var fault *canon.Fault
		bounded(t, len(body), func() { fault = u.DecodeFault(status, body) })
		for _, to := range u.clients() {
			out, got := to.EncodeFault(nil, fault)
			if !json.Valid(out) || got < 400 || got > 599 {
				t.Fatalf("%s: status %d: %s", to.Name(), got, out)
			}
		}
	})
}

// What reading a text of some length may allocate, in bytes. The factor is that of an answer
// which is all small parts.
const (
	memoryAnyway  = 64 << 10
	memoryPerByte = 400
)

// bounded holds that a reader allocates no more than the length of its input allows.
func bounded(t *testing.T, length int, read func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	if took, most := after.TotalAlloc-before.TotalAlloc, uint64(memoryAnyway+memoryPerByte*length); took > most {
		t.Fatalf("%d bytes are read with %d of memory, want no more than %d", length, took, most)
	}
}
