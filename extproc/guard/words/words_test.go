package words_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/content/contenttest"
	"github.com/headgate/headgate/extproc/guard/content/phrase"
	"github.com/headgate/headgate/extproc/guard/words"
	"github.com/headgate/headgate/policy"
)

// file writes a list.
func file(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "words.txt")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestNew holds what lists say.
func TestNew(t *testing.T) {
	for _, c := range []struct {
		name  string
		words []string
		file  string
		want  string
	}{
		{"of the policy", []string{"acme"}, "", "[RIVAL] and Globex Inc."},
		{"of a file", nil, "# rivals\n\n  globex inc  \r\nacme", "[RIVAL] and [RIVAL]."},
		{"of both", []string{"acme"}, "inc", "[RIVAL] and Globex [RIVAL]."},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &policy.WordsGuard{Type: "RIVAL", Words: c.words}
			if c.file != "" {
				p.File = file(t, c.file)
			}
			l, err := words.New(p)
			if err != nil {
				t.Fatal(err)
			}
			if got := contenttest.Mask(l, "ACME and Globex Inc."); got != c.want {
				t.Errorf("%q instead of %q", got, c.want)
			}
			contenttest.Streams(t, l, "ACME and Globex Inc.")
		})
	}
}

// TestFaults holds what is refused, and that it is not quoted.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"each bad line", "ok\n...\n" + strings.Repeat("a ", 17), "line 2: there is no letter and no digit in it\nline 3: a phrase has at most 16 words"},
		{"ten bad lines at most", strings.Repeat("!\n", 20), strings.TrimSuffix(strings.Repeat("line %d: there is no letter and no digit in it\n", 10), "\n")},
		{"nothing", "# only this\n\n", "there is no word in it"},
		{"many lines", strings.Repeat("a\n", 100_001), "the file has more than 4194304 bytes or 100000 lines"},
		{"many bytes", strings.Repeat(strings.Repeat(" ", 60_000)+"\n", 100), "larger than 4194304 bytes"},
		{"a long line", strings.Repeat("a", 70_000), "line 1: a line has at most 65536 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := file(t, c.text)
			want := c.want
			if strings.Contains(want, "%d") {
				want = fmt.Sprintf(want, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
			}
			_, err := words.New(&policy.WordsGuard{File: name})
			if want = "reading words: " + name + ": " + want; err == nil || err.Error() != want {
				t.Errorf("%v instead of\n%s", err, want)
			}
		})
	}
	if _, err := words.New(&policy.WordsGuard{File: "/none/words.txt"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
}

// prompt is a text of some thousand tokens.
var prompt = []byte(strings.Repeat("The quarterly figures of the north-western region were, as ever, better than those of last year. ", 42))

func many(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("the secret%d of region %d", i, i)
	}
	return all
}

// BenchmarkScan measures 1,000 tokens (4 KB) of a prompt with nothing in it.
func BenchmarkScan(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("1000 tokens, %d phrases", n), func(b *testing.B) {
			l, err := phrase.NewList("W", many(n))
			if err != nil {
				b.Fatal(err)
			}
			var found []content.Finding
			b.ReportAllocs()
			b.SetBytes(int64(len(prompt)))
			for b.Loop() {
				found = l.Scan(found[:0], prompt)
			}
		})
	}
}

// BenchmarkToken measures one token of a stream: a hold and a scan of what is held with its context.
func BenchmarkToken(b *testing.B) {
	l, err := phrase.NewList("W", many(10_000))
	if err != nil {
		b.Fatal(err)
	}
	window := prompt[:80]
	var found []content.Finding
	b.ReportAllocs()
	for b.Loop() {
		found = l.Scan(found[:0], window[:l.Hold(window)])
	}
}
