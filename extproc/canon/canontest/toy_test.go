package canontest_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect"
)

// toyCorpus is all that the tests of a dialect without a vendor's SDK and without
// recordings bring, besides the files of testdata/toy.
var toyCorpus = &canontest.Corpus{
	Dir:  "testdata/toy",
	From: "openai",

	Lacks: map[string]string{"several-choices": "a toy answers once", "custom-call": "toys call functions"},
	Loses: canontest.LostByAnthropic, // further choices, and audio
	Heard: map[string]canontest.Heard{
		"responses/text": {Finish: "1", Blocks: []string{"text Hi \"é\"\n", "thinking "}, Usage: [5]int64{15, 5, 0, 4, 3}},
		"streams/text":   {Finish: "1", Blocks: []string{"text Hi \"é\"\n there", "thinking "}, Usage: [5]int64{15, 5, 0, 7, 0}},
	},
	Broken: []string{"cut", "error-beside-usage-after-a-finish"},
	Cut:    "text",
	Before: `"finish_reason":"stop"`,

	Aborted: `data: {"problem":"overloaded","message":"busy"}` + "\n\n",
	Faults: map[canon.FaultKind]int{
		canon.FaultRequest: 400, canon.FaultAuthentication: 401, canon.FaultBilling: 402, canon.FaultPermission: 403, canon.FaultNotFound: 404,
		canon.FaultTooLarge: 413, canon.FaultRateLimit: 429, canon.FaultServer: 500, canon.FaultOverloaded: 503, canon.FaultTimeout: 504,
	},
}

// TestToy holds that a dialect which the suite has never seen passes it with no more than
// a corpus. It is one of the gateway's for as long as this test binary runs.
func TestToy(t *testing.T) {
	dialect.All = append(dialect.All, toy{})
	canontest.Suite(t, toy{}, toyCorpus)
}

func FuzzToy(f *testing.F)      { canontest.FuzzStream(f, toy{}, toyCorpus) }
func BenchmarkToy(b *testing.B) { canontest.BenchmarkStreamEvent(b, toy{}, toyCorpus) }
