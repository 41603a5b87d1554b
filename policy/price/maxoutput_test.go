package price

import "testing"

func TestMaxOutputIsTheListedModelsAlsoForItsSnapshots(t *testing.T) {
	for name, want := range map[[2]string]int64{
		{"anthropic", "claude-sonnet-4-6"}:          64000,
		{"anthropic", "claude-sonnet-4-6-20260101"}: 64000,
		{"openai", "gpt-4o"}:                        16384,
		{"openai", "text-embedding-3-small"}:        0,
		{"openai", "nobody-knows"}:                  0,
	} {
		if got := Builtin().MaxOutput(name[0], name[1]); got != want {
			t.Errorf("%v: %d, want %d", name, got, want)
		}
	}
}
