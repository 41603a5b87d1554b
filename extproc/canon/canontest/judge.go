package canontest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
)

// Judge reads what a dialect writes as the vendor's own SDK does. Each function fails
// the test if the SDK refuses what it reads.
type Judge struct {
	// Answer reads a whole answer.
	Answer func(t testing.TB, body []byte) Heard
	// Stream reads a stream, and reports whether it got the dialect's end of a whole
	// answer, and whether it got an error.
	Stream func(t testing.TB, stream []byte) (h Heard, ended, failed bool)
	// Request reads a request and returns it as the SDK writes it again.
	Request func(t testing.TB, body []byte) []byte
	// Loosen takes from the tree of a request what the SDK does not keep.
	Loosen func(tree any)
}

// Read reads JSON into a type of an SDK's.
func Read[T any](t testing.TB, body []byte) *T {
	t.Helper()
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("the SDK refuses %s: %v", body, err)
	}
	return &v
}

// Rewrite reads JSON into a type of an SDK's, and returns it as the SDK writes it.
func Rewrite[T any](t testing.TB, body []byte) []byte {
	t.Helper()
	again, err := json.Marshal(Read[T](t, body))
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// Heard is what an SDK makes of an answer: of the first choice its finish, its blocks in
// their order, each with its kind in front, and the usage in the dialect's own counts.
type Heard struct {
	Finish string
	Blocks []string
	Usage  [5]int64
}

// joined is h with texts that follow each other as one: where one ends has no meaning.
func (h Heard) joined() Heard {
	var blocks []string
	for _, b := range h.Blocks {
		text, ok := strings.CutPrefix(b, "text ")
		if n := len(blocks); ok && n > 0 && strings.HasPrefix(blocks[n-1], "text ") {
			blocks[n-1] += text
			continue
		}
		blocks = append(blocks, b)
	}
	h.Blocks = blocks
	return h
}

// selfJudge is the judge of a dialect for which no vendor has an SDK: its own reader.
func selfJudge(d dialect.Dialect) *Judge {
	heard := func(s Said) Heard {
		var h Heard
		if len(s.Choices) > 0 {
			c := s.Choices[0]
			if c.Finish != canon.FinishUnset {
				h.Finish = fmt.Sprint(c.Finish)
			}
			h.Blocks = append([]string{"text " + c.Text, "thinking " + c.Reasoning}, c.Calls...)
		}
		u := s.Usage
		h.Usage = [5]int64{u.Input, u.CacheRead, u.CacheWrite5m + u.CacheWrite1h, u.Output, u.Reasoning}
		return h
	}
	return &Judge{
		Answer: func(t testing.TB, body []byte) Heard {
			r, err := d.DecodeAnswer(body)
			if err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			return heard(SaidBy(r))
		},
		Stream: func(_ testing.TB, stream []byte) (Heard, bool, bool) {
			var l listener
			Stream(d.Decoder(false), &l, stream)
			return heard(l.done()), l.ended, l.said.Fault != ""
		},
	}
}

// judgesRequests holds that each golden request is one to the vendor's SDK, whose unions
// tell apart what the server would, and that it writes what it read.
func (u *under) judgesRequests(t *testing.T) {
	if u.Judge.Request == nil {
		t.Skip("no SDK reads requests of this dialect")
	}
	for _, file := range files(t, u.dir(), "requests", "*.out.json") {
		var out Translated
		text := load(t, file)
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
		if out.Error != "" {
			continue
		}
		again := u.Judge.Request(t, out.Body)
		if diff := cmp.Diff(u.loosened(t, out.Body), u.loosened(t, again)); diff != "" {
			t.Errorf("%s: the SDK writes what it read as (-ours +theirs):\n%s", file, diff)
		}
	}
}

func (u *under) loosened(t *testing.T, body []byte) any {
	t.Helper()
	var tree any
	if err := json.Unmarshal(body, &tree); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	u.Judge.Loosen(tree)
	return tree
}

// judgesAnswers holds what the SDK makes of translated answers.
func (u *under) judgesAnswers(t *testing.T) {
	u.judges(t, "responses", "json", func(in []byte) Heard {
		body, status := answer(t, u.from, u, in)
		if status != 200 {
			t.Fatalf("status %d: %s", status, body)
		}
		return u.Judge.Answer(t, body)
	})
}

// judgesStreams holds what the SDK makes of translated streams.
func (u *under) judgesStreams(t *testing.T) {
	u.judges(t, "streams", "sse", func(in []byte) Heard {
		h, ended, failed := u.Judge.Stream(t, u.translate(in))
		if !ended || failed {
			t.Errorf("ended %v, failed %v", ended, failed)
		}
		return h
	})
}

func (u *under) judges(t *testing.T, folder, ending string, hear func(in []byte) Heard) {
	judged := 0
	for name, want := range u.Heard {
		if base, ok := strings.CutPrefix(name, folder+"/"); ok {
			judged++
			in := load(t, filepath.Join(u.dir(), folder, base+".in."+ending))
			if diff := cmp.Diff(want, hear(in)); diff != "" {
				t.Errorf("%s (-want +heard):\n%s", name, diff)
			}
		}
	}
	if judged == 0 {
		t.Errorf("Heard names none of the %s", folder)
	}
}

// files lists files of a corpus.
func files(t testing.TB, dir, folder, pattern string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, folder, pattern))
	if err != nil || len(all) == 0 {
		t.Fatalf("no %s in %s (%v)", pattern, filepath.Join(dir, folder), err)
	}
	return all
}

func load(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
