package pii

import (
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

var judged = []string{"CREDIT_CARD", "IBAN_CODE", "US_SSN", "EMAIL_ADDRESS", "IP_ADDRESS"}

func scanner(t testing.TB, types ...string) *onepass.Scanner {
	t.Helper()
	return contenttest.Make(New).Scanner(t, types...)
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
	contenttest.Make(New).Chosen(t, text,
		contenttest.Choice{Name: "the usual ones", Types: nil, Want: "[CREDIT_CARD] and [EMAIL_ADDRESS]"},
		contenttest.Choice{Name: "one", Types: []string{"EMAIL_ADDRESS"}, Want: "4111111111111111 and [EMAIL_ADDRESS]"},
		contenttest.Choice{Name: "none", Types: []string{}, Want: text},
	)
	contenttest.Make(New).Refused(t, `pii: there is no type "IBAN"`, "IBAN_CODE", "IBAN")
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
