package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/cache/eval"
)

const cachePairs = "testdata/cache/pairs.jsonl"

// evaluating runs headgate cache eval.
func evaluating(t *testing.T, args ...string) printed {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append([]string{"cache", "eval"}, args...))
	return printed{execute(t.Context(), root), out.String(), errs.String()}
}

// TestTheCacheIsMeasured holds what is counted of a few pairs, by rules and by source.
func TestTheCacheIsMeasured(t *testing.T) {
	got := evaluating(t, "--data", cachePairs, "--threshold", "0.9", "-o", "json")
	var r eval.Report
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.code != 0 {
		t.Fatalf("exit code %d, %v: %s", got.code, err, got.err)
	}
	if r.Pairs != 6 || r.Same != 2 || r.NoVector != 1 || !strings.HasPrefix(r.Embedder, "static-") || len(r.Thresholds) != 20 {
		t.Errorf("%s: %d pairs, %d the same, %d without a vector, %d thresholds", r.Embedder, r.Pairs, r.Same, r.NoVector, len(r.Thresholds))
	}
	shop, zoo := r.BySource["shop"], r.WithoutSource["shop"]
	for name, c := range map[string]struct{ got, want eval.Hits }{
		"shop, no rules": {shop.None, eval.Hits{Hits: 3, Right: 2}},
		"shop, basic":    {shop.Basic, eval.Hits{Hits: 2, Right: 2}},
		"shop, strict":   {shop.Strict, eval.Hits{Hits: 2, Right: 2}},
		"zoo, no rules":  {zoo.None, eval.Hits{Hits: 1}},
		"zoo, basic":     {zoo.Basic, eval.Hits{Hits: 1}},
		"zoo, strict":    {zoo.Strict, eval.Hits{}},
	} {
		if c.got.Hits != c.want.Hits || c.got.Right != c.want.Right {
			t.Errorf("%s: %d hits, %d right; want %d and %d", name, c.got.Hits, c.got.Right, c.want.Hits, c.want.Right)
		}
	}
}

// TestTheCacheReportIsPrinted holds its parts, each of which is a table.
func TestTheCacheReportIsPrinted(t *testing.T) {
	got := evaluating(t, "--data", cachePairs)
	for _, line := range []string{
		": 6 pairs of testdata/cache/pairs.jsonl, 2 of them the same, 1 without a vector\n", "\nCOSINE ", "\n0.95 ", "\nAUC ", "\nAT-0.95:SOURCE ", "\nAT-0.95:WITHOUT ", "\nREFUSED-BY ", "\nstrict ", "\nreplaced_word ",
	} {
		if !strings.Contains(got.out, line) {
			t.Errorf("%q is not in\n%s", line, got.out)
		}
	}
	if strings.Contains(got.out, "parcel") {
		t.Error("a question is in the report")
	}
}

func TestHitsAreWrittenForReading(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hits.txt")
	if got := evaluating(t, "--data", cachePairs, "--threshold", "0.999", "--rules", "none", "--print-hits", file); got.code != 0 {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "1  cosine 1.0000  label 1  shop\n   How do I reset my password?\n   how do i reset my password?\n"; !strings.HasPrefix(string(text), want) {
		t.Errorf("%q, want %q first", text, want)
	}
	got := evaluating(t, "--data", cachePairs, "--threshold", "0", "--rules", "none", "--hits", "2", "--print-hits", file)
	if text, err = os.ReadFile(file); err != nil || got.code != 0 || bytes.Count(text, []byte("\n")) != 6 {
		t.Errorf("exit code %d, %v, %q; want two hits", got.code, err, text)
	}
}

func TestCacheEvalRefuses(t *testing.T) {
	for line, says := range map[string]string{
		"":                                                `required flag(s) "data" not set`,
		"--data testdata/none":                            "labelled pairs: open testdata/none: no such file or directory",
		"--data testdata/guards/labelled.jsonl":           "testdata/guards/labelled.jsonl: line 1: a, b and label must be there",
		"--data " + cachePairs + " -o yaml":               `output "yaml": must be table or json`,
		"--data " + cachePairs + " --rules all":           `--rules must be strict, basic or none, is "all"`,
		"--data " + cachePairs + " --hits 0":              "--hits must be 1 or more, is 0",
		"--data x --threshold NaN":                        "--threshold must be from 0 to 1, is NaN",
		"--data x --threshold 95":                         "--threshold must be from 0 to 1, is 95",
		"--data " + cachePairs + " --print-hits testdata": "hits: open testdata: is a directory",
	} {
		got := evaluating(t, strings.Fields(line)...)
		if got.code != exitUsage || got.err != "headgate: "+says+"\n" {
			t.Errorf("%q: exit code %d, %q; want %q", line, got.code, got.err, says)
		}
	}
}
