package tokens_test

import (
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest/recorded"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/tokens"
)

var estimator = tokens.New()

// estimate is what is estimated of a client's request for a model.
func estimate(t testing.TB, client, body, model string) int64 {
	t.Helper()
	r, err := dialect.ByName(client).Decode([]byte(body))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return estimator.Request(r, model)
}

// TestWhatProvidersCountedIsEstimated holds estimates to what providers counted of recorded requests.
// The bounds are the errors of README.md.
func TestWhatProvidersCountedIsEstimated(t *testing.T) {
	for _, c := range []struct {
		name, dialect string
		counted       int64
		within        int64 // percent
	}{
		{"openai-chat-basic", "openai", 8, 0},
		{"openai-chat-detailed-usage", "openai", 12, 0},
		{"openai-chat-json-mode", "openai", 21, 0},
		{"azure-chat-basic", "openai", 8, 0},
		{"openai-chat-tools", "openai", 162, 40},
		{"deepseek-model-thinking-part", "openai", 12, 10},
		{"deepseek-deferred-capability-with-thinking", "openai", 563, 20},
		{"mistral-history-uses-prompt-cache-last", "openai", 268, 5},
		{"anthropic-count-tokens-with-native-tools", "anthropic", 16, 10},
		{"anthropic-cache-real-api", "anthropic", 1114, 10},
		{"anthropic-tool-with-thinking-last", "anthropic", 566, 10},
		{"anthropic-multiple-parallel-tool-calls", "anthropic", 423, 15},
		{"anthropic-multiple-parallel-tool-calls-last", "anthropic", 771, 10},
		{"anthropic-model-thinking-part-stream", "anthropic", 43, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := recorded.Exchanges(t, c.name)
			ex := all[slices.IndexFunc(all, func(ex recorded.Exchange) bool { return ex.Name == c.name })]
			r, err := dialect.ByName(c.dialect).Decode(ex.Request)
			if err != nil {
				t.Fatal(err)
			}
			got := estimator.Request(r, canon.Str(r.Model))
			off := (got - c.counted) * 100 / c.counted
			t.Logf("counted %d, estimated %d: %+d %%", c.counted, got, off)
			if max(off, -off) > c.within {
				t.Errorf("estimated %d, counted %d: %+d %%, want at most %d", got, c.counted, off, c.within)
			}
		})
	}
}

// TestAllThatAModelReadsCounts holds that each kind of content counts.
func TestAllThatAModelReadsCounts(t *testing.T) {
	const bare = `{"role":"user","content":[{"type":"text","text":"x"}%s]}`
	ask := func(part, more string) string {
		return `{"model":"m","max_tokens":10,` + more + `"messages":[` + fmt.Sprintf(bare, part) + `]}`
	}
	least := estimate(t, "anthropic", ask("", ""), "claude-x")
	for name, body := range map[string]string{
		"text":               ask(`,{"type":"text","text":"more of it"}`, ""),
		"an image":           ask(`,{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}`, ""),
		"a document of text": ask(`,{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}}`, ""),
		"a document":         ask(`,{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}`, ""),
		"a linked document":  ask(`,{"type":"document","source":{"type":"url","url":"https://x.example/a.pdf"}}`, ""),
		"what nobody knows":  ask(`,{"type":"tomorrow","text":"words"}`, ""),
		"a system prompt":    ask("", `"system":"Be brief.",`),
		"tools":              ask("", `"tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}],`),
		"a server's tool":    ask("", `"tools":[{"type":"web_search_20250305","name":"web_search"}],`),
		"a format":           ask("", `"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}},`),
		"thinking":           ask("", `"thinking":{"type":"enabled","budget_tokens":1024},`),
	} {
		if got := estimate(t, "anthropic", body, "claude-x"); got <= least {
			t.Errorf("%s: %d, without it %d", name, got, least)
		}
	}
	const sound = `{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"format":"%s","data":"%s"}}]}]}`
	data := strings.Repeat("AAAA", 3200)
	if wav, mp3 := estimate(t, "openai", fmt.Sprintf(sound, "wav", data), "gpt"), estimate(t, "openai", fmt.Sprintf(sound, "mp3", data), "gpt"); wav != 6+2 || mp3 != 6+6 {
		t.Errorf("9,600 bytes of sound: %d and %d", wav, mp3)
	}
	call := `{"model":"m","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"word\":\"word\"}"}}]},{"role":"tool","tool_call_id":"1","content":"one two three"}]}`
	if got := estimate(t, "openai", call, "gpt"); got < 3+3*3+2*4+1+1+3 {
		t.Errorf("a call and its result: %d", got)
	}
}

// TestImagesCountByTheirSize holds the vendors' formulas.
func TestImagesCountByTheirSize(t *testing.T) {
	body := func(width, height int, detail string) string {
		var b strings.Builder
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
			t.Fatal(err)
		}
		return `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"detail":"` + detail + `","url":"data:image/png;base64,` + base64.StdEncoding.EncodeToString([]byte(b.String())) + `"}}]}]}`
	}
	for _, c := range []struct {
		width, height  int
		detail         string
		openai, claude int64
	}{
		{100, 100, "auto", 85 + 170, 13},
		{1024, 1024, "high", 85 + 4*170, 1398},
		{2048, 4096, "auto", 85 + 6*170, 1600},
		{4000, 4000, "low", 85, 1600},
	} {
		name := fmt.Sprintf("%d by %d, %s", c.width, c.height, c.detail)
		if got := estimate(t, "openai", body(c.width, c.height, c.detail), "gpt") - 6; got != c.openai {
			t.Errorf("%s: %d, want %d", name, got, c.openai)
		}
		if got := estimate(t, "openai", body(c.width, c.height, c.detail), "claude") - 8; got != c.claude {
			t.Errorf("%s by Claude: %d, want %d", name, got, c.claude)
		}
	}
}

// TestALongTextIsSampled holds that what is not counted is in the estimate, near enough, and that
// pieces do not count more than their whole.
func TestALongTextIsSampled(t *testing.T) {
	ask := func(text string) int64 {
		body := string(scan.AppendString([]byte(`{"model":"m","messages":[{"role":"user","content":`), text)) + `}]}`
		return estimate(t, "openai", body, "gpt") - 6
	}
	const words = "The quick brown fox jumps over the lazy dog, and nobody has ever asked it why. "
	few := ask(strings.Repeat(words, 6)) // one piece
	for _, n := range []int{60, 1200, 24_000} {
		want := few * int64(n/6)
		if got := ask(strings.Repeat(words, n)); got < want*98/100 || got > want*102/100 {
			t.Errorf("%d bytes: %d, want about %d", n*len(words), got, want)
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, text := range map[string]string{
		"256 KiB of prose":       strings.Repeat("The quick brown fox jumps. ", (256<<10)/27),
		"256 KiB of line ends":   strings.Repeat(" \n", 128<<10),
		"4 MiB of line ends":     strings.Repeat(" \n", 2<<20),
		"4 MiB of one letter":    strings.Repeat("a", 4<<20),
		"4 MiB of capitals":      strings.Repeat("AB", 2<<20),
		"4 MiB of combined ones": strings.Repeat("e\u0301\u0301", 800<<10),
	} {
		b.Run(name, func(b *testing.B) {
			r := &canon.Request{Messages: []canon.Message{{Parts: []canon.Part{{Kind: canon.Text, Text: scan.AppendString(nil, text)}}}}}
			b.ReportAllocs()
			for b.Loop() {
				estimator.Request(r, "gpt")
			}
		})
	}
}
