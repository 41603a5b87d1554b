package scan

import (
	"strings"
	"testing"
)

func TestDataCountsForWhatItIsBilledFor(t *testing.T) {
	const head, tail = `{"messages":[{"content":[{"text":"`, `"}]}]}`
	for _, tc := range []struct {
		name, content string
		most          int64 // bytes besides the frame
	}{
		{"text", strings.Repeat("word and word ", 100_000), 1_400_000},
		{"text of another script", strings.Repeat("日本語", 100_000), 900_000},
		{"the same, escaped", strings.Repeat(`\u65e5`, 100_000), 600_000},
		{"an image", "data:image/png;base64," + strings.Repeat("iVBORw0KGgo+", 300_000) + "==", maxData},
		{"an image with escaped slashes", `data:image\/png;base64,` + strings.Repeat(`iVBOR\/`, 300_000), maxData},
		{"two of them", strings.Repeat("QUJD", 100_000) + `","data":"` + strings.Repeat("QUJD", 100_000), 2*maxData + int64(len(`","data":"`))},
		{"a small one", strings.Repeat("QUJD", 200), 800},
	} {
		body := head + tc.content + tail
		if got, want := Written([]byte(body)), tc.most+int64(len(head)+len(tail)); got != want {
			t.Errorf("%s: %d, want %d", tc.name, got, want)
		}
	}
}
