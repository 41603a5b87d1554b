package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pricing runs headgate price.
func pricing(t *testing.T, args ...string) printed {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append([]string{"price"}, args...))
	code := execute(t.Context(), root)
	return printed{code, out.String(), errs.String()}
}

// TestPricesAreShownWithTheirSources holds what is printed of a model: each price with its source,
// those of tiers, long contexts and hours of a peak, and first of all that of a policy.
func TestPricesAreShownWithTheirSources(t *testing.T) {
	const both = "2026-11-19 LiteLLM 1.110.2 price file; genai-prices 0.2.3"
	file := filepath.Join(t.TempDir(), "policy.yaml")
	document := `{version: 1, backends: {b: {provider: openai, credential: {env: KEY}}}, models: {m: b/gpt-4o-mini}, prices: {gpt-4o-mini: {input: 1, output: 2}, b/gpt-4o-mini: {input: 0.1, output: 0.2, cache_write_1h: 3}}}`
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want []string // lines, without the spaces between columns
	}{
		{[]string{"gpt-4o-mini-2024-07-18"}, []string{
			"openai/gpt-4o-mini usual always 0.15 0.6 0.075 - - " + both,
			"openai/gpt-4o-mini priority fast always 0.25 1 0.125 - - " + both,
		}},
		{[]string{"gpt-4o-mini", "-f", file}, []string{
			"gpt-4o-mini usual always 1 2 - - - the policy",
			"b/gpt-4o-mini usual always 0.1 0.2 - 0.1, 1h 3 - the policy",
			"openai/gpt-4o-mini usual always 0.15 0.6 0.075 - - " + both,
			"openai/gpt-4o-mini priority fast always 0.25 1 0.125 - - " + both,
		}},
		{[]string{"claude-haiku-5-5"}, []string{
			"anthropic/claude-haiku-5-5 usual always 0.1 0.5 0.01 0.125, 1h 0.2 above 100000: 0.5 / 2.5 " + both,
			"anthropic/claude-haiku-5-5 us always 0.11 0.55 0.011 0.1375, 1h 0.22 above 100000: 0.55 / 2.75 2026-11-19 LiteLLM 1.110.2 price file",
		}},
		{[]string{"gpt-audio"}, []string{"openai/gpt-audio usual always 2.5 10 - - audio 32 / 64 " + both}},
		{[]string{"deepseek-v4-pro"}, []string{
			"deepseek/deepseek-v4-pro usual always 0.435 0.87 0.003625 - - 2026-11-09 genai-prices 0.2.3",
			"deepseek/deepseek-v4-pro usual 2026-08-16T16:00:00Z 0.66 1.98 0.022 - weekdays 1-4 6-10 UTC: 1.32 / 3.96 2026-10-27 DeepSeek models and pricing page as read 2026-10-27; genai-prices 0.2.3 (LiteLLM 1.110.2 price file lists the peak price for all hours)",
		}},
	} {
		got := pricing(t, c.args...)
		var lines []string
		for line := range strings.Lines(got.out) {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
		if diff := cmp.Diff(append([]string{"AT AS FROM IN OUT CACHED WRITTEN BESIDE SOURCE"}, c.want...), lines); diff != "" || got.code != 0 {
			t.Errorf("price %s: code %d, %s", strings.Join(c.args, " "), got.code, diff)
		}
	}
}

// TestPricesAsJSON holds the form for programs, and what is said of a model without a price.
func TestPricesAsJSON(t *testing.T) {
	var all []priceReport
	if err := json.Unmarshal([]byte(pricing(t, "gpt-5.6-terra", "-o", "json").out), &all); err != nil || len(all) < 5 {
		t.Fatalf("%d prices, %v", len(all), err)
	}
	now := all[1]
	if now.From == nil || now.From.Format("2006-01-02") != "2026-07-30" || now.PerMillion["cache_write_5m"] != "2.5" || now.LongAbove != 272_000 || now.Long["output"] != "18" {
		t.Errorf("%+v", now)
	}
	if flex := all[3]; flex.As != "flex" || flex.PerMillion["input"] != "1" || flex.Source == "" {
		t.Errorf("%+v", flex)
	}
	if got := pricing(t, "nobody"); got.code != exitFault || !strings.Contains(got.err, "no price of nobody is known") {
		t.Errorf("%+v", got)
	}
	if got := pricing(t, "gpt-4o", "-f", "/nowhere"); got.code != exitUsage {
		t.Errorf("%+v", got)
	}
}
