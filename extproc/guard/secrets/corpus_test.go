package secrets

import (
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

var corpus = []string{"testdata/positives.jsonl", "testdata/negatives.jsonl"}

func TestEachTextOfTheCorpus(t *testing.T) {
	for _, file := range corpus {
		for _, l := range contenttest.Read(t, file) {
			t.Run(l.Text, func(t *testing.T) {
				sc := scanner(t)
				got := contenttest.Spans(l.Text, sc.Scan(nil, []byte(l.Text)))
				if diff := cmp.Diff(l.Spans, got, cmpopts.EquateEmpty()); diff != "" {
					t.Error(diff)
				}
				contenttest.Streams(t, sc, l.Text)
				contenttest.Beside(t, sc, l.Text)
				contenttest.Sound(t, sc, l.Text)
			})
		}
	}
}
