package pii

import (
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

var judged = []string{"CREDIT_CARD", "IBAN_CODE", "US_SSN", "EMAIL_ADDRESS", "IP_ADDRESS"}

func scanner(t testing.TB, types ...string) *Scanner {
	t.Helper()
	sc, err := New(types)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func TestSharedData(t *testing.T) {
	for _, split := range []string{"train", "dev"} {
		t.Run(split, func(t *testing.T) {
			texts := contenttest.Shared(t, "pii/"+split+".jsonl")
			tally, mistakes := contenttest.Measure(scanner(t), texts, judged)
			all := tally.Total()
			t.Logf("\n%v", tally)
			if all.Precision() < 0.97 || all.Recall() < 0.97 {
				t.Errorf("precision %.3f, recall %.3f", all.Precision(), all.Recall())
			}
			others, more := contenttest.Measure(scanner(t), texts, []string{"PHONE_NUMBER", "US_DRIVER_LICENSE"})
			t.Logf("\n%v", others)
			for _, m := range append(mistakes, more...) {
				t.Log(m)
			}
		})
	}
}

func TestOnlyTheTypesThatWereAskedForAreFound(t *testing.T) {
	const text = "4111111111111111 and jo@example.com"
	for _, c := range []struct {
		name  string
		types []string
		want  string
	}{
		{"the usual ones", nil, "[CREDIT_CARD] and [EMAIL_ADDRESS]"},
		{"one", []string{"EMAIL_ADDRESS"}, "4111111111111111 and [EMAIL_ADDRESS]"},
		{"none", []string{}, text},
	} {
		t.Run(c.name, func(t *testing.T) {
			sc, err := New(c.types)
			if err != nil {
				t.Fatal(err)
			}
			if got := contenttest.Mask(sc, text); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	if _, err := New([]string{"IBAN_CODE", "IBAN"}); err == nil || err.Error() != `pii: there is no type "IBAN"` {
		t.Errorf("a type that there is not: %v", err)
	}
}

func TestEachTypeIsInTheCorpus(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range contenttest.Read(t, "testdata/positives.jsonl") {
		for _, s := range l.Spans {
			seen[s.Type] = true
		}
	}
	for _, typ := range Types() {
		if !seen[typ.Name] || typ.About == "" {
			t.Errorf("%+v is in no text", typ)
		}
	}
}

// TestScoresSaySureness holds what the scores of a Scanner stand for.
func TestScoresSaySureness(t *testing.T) {
	for text, want := range map[string]float64{
		"4111111111111111": 1, "DE89370400440532013000": 1, "jo@example.com": 0.8, "123-45-6789": 0.8, "079 0442 1744": 0.6,
	} {
		if got := scanner(t).Scan(nil, []byte(text)); len(got) != 1 || got[0].Score != want {
			t.Errorf("%s: %+v, want a score of %v", text, got, want)
		}
	}
}
