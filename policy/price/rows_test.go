package price

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRows holds which rows are those of a name: its own, or those of the model of which it is
// another name, with all of its ways.
func TestRows(t *testing.T) {
	for name, want := range map[string][]string{
		"gpt-4o-mini":            {"openai/gpt-4o-mini@2026-11-19 ", "openai/gpt-4o-mini@2026-11-19+priority priority fast"},
		"gpt-4o-mini-2024-07-18": {"openai/gpt-4o-mini@2026-11-19 ", "openai/gpt-4o-mini@2026-11-19+priority priority fast"},
		"gpt-4o-2024-05-13":      {"openai/gpt-4o-2024-05-13@2026-11-19 ", "openai/gpt-4o-2024-05-13@2026-11-19+priority priority fast"},
		"claude-haiku-4-5":       {"anthropic/claude-haiku-4-5-20251001@2026-11-19 "},
		"o4-mini": {"openai/o4-mini@2026-11-19 ", "azure/o4-mini@2026-11-19 ",
			"openai/o4-mini@2026-11-19+priority priority fast", "openai/o4-mini@2026-11-19+flex flex"},
		"nobody": nil,
	} {
		var got []string
		for _, r := range Builtin().Rows(name) {
			got = append(got, r.Price.ID+" "+r.As)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestEachRowHasItsSource holds that of each price it is known who lists it, and when.
func TestEachRowHasItsSource(t *testing.T) {
	rows := Builtin().With(nil).rows
	if len(rows) < 250 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, r := range rows {
		if r.Source == "" || day(r.Listed).Year() != 2026 {
			t.Errorf("%s: %q of %q", r.Price.ID, r.Source, r.Listed)
		}
	}
}
