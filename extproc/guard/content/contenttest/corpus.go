package contenttest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headgate/headgate/extproc/guard/content"
)

const positives, negatives = "testdata/positives.jsonl", "testdata/negatives.jsonl"

// Corpus returns the labelled texts of the package under test: those with something to find, and
// those with what only looks like it.
func Corpus(t testing.TB) []Labelled {
	t.Helper()
	return slices.Concat(Read(t, positives), Read(t, negatives))
}

// FindsCorpus fails the test unless a scanner finds in each text of the corpus what its label says,
// and that in pieces as well.
func FindsCorpus(t *testing.T, sc content.Scanner) {
	for _, l := range Corpus(t) {
		t.Run(l.Text, func(t *testing.T) {
			got := Spans(l.Text, sc.Scan(nil, []byte(l.Text)))
			if diff := cmp.Diff(l.Spans, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			holds(t, sc, l.Text)
		})
	}
}

// InARow holds a scanner to random texts of the corpus one after the other, with one of the joints
// between them: long texts, of which a stream has only the last bytes in front.
func InARow(t *testing.T, sc content.Scanner, times int, joints ...string) {
	t.Helper()
	texts, random := Corpus(t), rand.New(rand.NewPCG(1, 2))
	for range times {
		var parts []string
		for range 4 {
			parts = append(parts, texts[random.IntN(len(texts))].Text)
		}
		text := strings.Join(parts, joints[random.IntN(len(joints))])
		Streams(t, sc, text)
		Beside(t, sc, text)
	}
}

// Fuzz holds that findings are sound, and that a text in pieces is masked as the whole is. It begins
// with the corpus.
func Fuzz(f *testing.F, sc content.Scanner) {
	for _, l := range Corpus(f) {
		f.Add(l.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 400 || !utf8.ValidString(text) {
			t.Skip()
		}
		holds(t, sc, text)
	})
}

func holds(t *testing.T, sc content.Scanner, text string) {
	t.Helper()
	Streams(t, sc, text)
	Beside(t, sc, text)
	Sound(t, sc, text)
}

// Released fails the test if a scanner holds back anything of one of the texts.
func Released(t *testing.T, sc content.Scanner, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if hold := sc.Hold([]byte(text)); hold != len(text) {
			t.Errorf("%q is held from %d on", text, hold)
		}
	}
}
