package onepass_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/content/contenttest"
	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

const (
	number onepass.Kind = iota
	year
	word
)

var types = []onepass.Type{
	number: {Name: "NUMBER", About: "digits", Default: true},
	year:   {Name: "YEAR", About: "four digits", Default: true},
	word:   {Name: "WORD", About: "letters"},
}

var class = onepass.Classes[uint8]()

// walk finds digits, of which four are a year, and letters.
func walk(sc *onepass.Scanner, s []byte, from int, dst []content.Finding, blind bool) (found []content.Finding, open, work int) {
	var p onepass.Search
	p.Begin(sc, s, from, dst, blind)
	for i := 0; i < len(p.Text); {
		j := i
		for class[p.At(j)]&onepass.Digit != 0 {
			j++
		}
		if j == i+4 {
			p.Offer(j, year, 0.8)
		}
		if j > i {
			p.Offer(j, number, 0.6)
		} else {
			for class[p.At(j)]&(onepass.Upper|onepass.Lower) != 0 {
				j++
			}
			if j > i {
				p.Offer(j, word, 0.6)
			}
		}
		i = p.Take(i, max(j, i+1))
	}
	return p.Result()
}

func made(names []string) (*onepass.Scanner, error) {
	return onepass.New("counts", types, names, walk)
}

func TestTypesAreChosenByName(t *testing.T) {
	contenttest.Make(made).Chosen(t, "In 2026, 7 of 12",
		contenttest.Choice{Name: "those that are on by default", Want: "In [YEAR], [NUMBER] of [NUMBER]"},
		contenttest.Choice{Name: "one", Types: []string{"WORD"}, Want: "[WORD] 2026, 7 [WORD] 12"},
		contenttest.Choice{Name: "a less sure one alone", Types: []string{"NUMBER"}, Want: "In [NUMBER], [NUMBER] of [NUMBER]"},
		contenttest.Choice{Name: "none", Types: []string{}, Want: "In 2026, 7 of 12"},
	)
	contenttest.Make(made).Refused(t, `counts: there is no type "DAY"`, "YEAR", "DAY")
}

func TestATextInPiecesHasTheFindingsOfTheWhole(t *testing.T) {
	sc := contenttest.Make(made).Scanner(t)
	for _, text := range []string{"", "7", "2026", "20267", "In 2026, 7 of 12", "a1b2222c33333"} {
		contenttest.Streams(t, sc, text)
		contenttest.Beside(t, sc, text)
		contenttest.Sound(t, sc, text)
	}
}

func TestWhatBeginsBeforeIsContextAlone(t *testing.T) {
	sc := contenttest.Make(made).Scanner(t)
	text := []byte("12 345")
	want := []content.Finding{{Start: 3, End: 6, Type: "NUMBER", Score: 0.6}}
	if diff := cmp.Diff(want, sc.ScanFrom(nil, text, 3)); diff != "" {
		t.Error(diff)
	}
	for from, want := range map[int]int{3: 3, 4: 6} {
		if got := sc.HoldFrom(text, from); got != want {
			t.Errorf("what begins from %d on is held from %d on, want %d", from, got, want)
		}
	}
}

func TestBytesReadAheadCountAsWork(t *testing.T) {
	contenttest.WorkGrows(t, contenttest.Make(made).Scanner(t), []string{"1", "a", " ", "1 a"}, 1000, 10)
}
