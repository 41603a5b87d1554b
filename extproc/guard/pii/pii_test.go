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
