package guards

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestLongAnswersAreBounded holds that answers of ten megabytes, also in one event of a stream and
// in many, are read to their end with what guards find in them masked.
func TestLongAnswersAreBounded(t *testing.T) {
	t.Parallel()
	r := startPieced(t, map[string]string{"guarded": everything})
	const size = 10 << 20
	for name, text := range map[string]string{"mails": mail + " ", "half a match": "project  "} {
		long := strings.Repeat(text, size/len(text))
		want := strings.ReplaceAll(long, mail, "[EMAIL_ADDRESS]")
		for _, w := range []gatewaytest.Way{{Dialect: "openai"}, {Dialect: "anthropic", Stream: true}} {
			t.Run(name+" "+w.String(), func(t *testing.T) {
				for _, parts := range [][]string{{long}, cutEvery(long, 100_000)} {
					r := r.with(t)
					r.provider.say(&answer{Pieces: parts})
					if got, _ := r.ask(t, w, "guarded-openai", "", nil); got.Text != want || w.Stream && !got.Ended {
						t.Errorf("%d pieces: %d bytes, want %d", len(parts), len(got.Text), len(want))
					}
				}
			})
		}
	}
}

// cutEvery cuts a text into pieces of so many bytes.
func cutEvery(text string, n int) (all []string) {
	for len(text) > n {
		all, text = append(all, text[:n]), text[n:]
	}
	return append(all, text)
}
