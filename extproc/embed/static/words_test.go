package static

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// firstRow is the id, in the teacher's vocabulary, of the first piece that has a row.
const firstRow = 999

// each reads a file of testdata in which each line is a value in JSON.
func each[V any](t testing.TB, file string, look func(V)) (lines int) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	scanner := bufio.NewScanner(f)
	for ; scanner.Scan(); lines++ {
		var v V
		if err := json.Unmarshal(scanner.Bytes(), &v); err != nil {
			t.Fatalf("%s:%d: %v", file, lines+1, err)
		}
		look(v)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// line is a text, and a checksum of the ids that the reference tokenizer gives to its pieces, those
// of unknown words left out.
type line struct{ Text, Pieces string }

// split returns the rows of a text's pieces.
func (e *Embedder) split(text string) (rows []int32) {
	words := words{letters: letters{text: text}}
	for words.next() {
		var pieces [maxWord]int32
		n := e.table.pieces.split(&pieces, words.word())
		rows = append(rows, pieces[:n]...)
	}
	return rows
}

// TestPiecesAreTheReference's holds that texts are split as the teacher's tokenizer splits them:
// accents, scripts, emoji, blanks and controls of all kinds, words that are too long.
func TestPiecesAreTheReferences(t *testing.T) {
	e := ready(t)
	lines := each(t, "lines.jsonl", func(l line) {
		var ids []string
		for _, row := range e.split(l.Text) {
			ids = append(ids, strconv.Itoa(int(row)+firstRow))
		}
		joined := strings.Join(ids, " ")
		if got := fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(joined))); got != l.Pieces {
			t.Errorf("%q has pieces %s, with the checksum %s, want %s", l.Text, joined, got, l.Pieces)
		}
	})
	if lines < 1000 {
		t.Errorf("%d lines", lines)
	}
}

// TestSplitting holds, in the open, some of what the reference does.
func TestSplitting(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"capitals and accents go", "ÀÉîõÜ Ångström İ", "aeiou angstrom i"},
		{"punctuation stands alone", "don't (stop)!", "don ' t ( stop ) !"},
		{"a symbol that is no ASCII does not", "5€ a©b", "5€ a©b"},
		{"a symbol that is ASCII does", "1+1=2$", "1 + 1 = 2 $"},
		{"each Chinese character stands alone", "a漢字b", "a 漢 字 b"},
		{"kana and hangul do not", "カナ 값", "カナ \u1100\u1161\u11b9"},
		{"blanks of all kinds", "a\u00a0b\u3000c\td\r\ne", "a b c d e"},
		{"controls go without a blank", "a\x00b\x0bc\u200bd\ufffde\xfff", "abcdef"},
		{"a punctuation mark that decomposes", "a\u037eb", "a ; b"},
		{"nothing", " \n\u0301", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			words := words{letters: letters{text: c.text}}
			for words.next() {
				got = append(got, string(words.word()))
			}
			if joined := strings.Join(got, " "); joined != c.want {
				t.Errorf("words %q, want %q", joined, c.want)
			}
		})
	}
}

// TestLongWords holds that a word of 100 letters is split, and one of more is unknown, whatever
// the size of its letters.
func TestLongWords(t *testing.T) {
	e := ready(t)
	for text, want := range map[string]int{
		strings.Repeat("a", maxWord):                e.count(strings.Repeat("a", maxWord)),
		strings.Repeat("a", maxWord+1):              0,
		strings.Repeat("a", 1<<20):                  0,
		strings.Repeat("あ", maxWord):                maxWord,
		strings.Repeat("あ", maxWord+1):              0,
		strings.Repeat("a", maxWord+1) + " " + "go": 1,
	} {
		if got := e.count(text); got != want {
			t.Errorf("%d letters have %d pieces, want %d", len([]rune(text)), got, want)
		}
	}
}

func (e *Embedder) count(text string) int { return len(e.split(text)) }
