package guard

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
)

// everyRule is a policy with every guard that decides by rules alone.
const everyRule = model + `guards:
  input: [{length: {max_tokens: 8000}}, {secrets: {}}, {pii: {}}, {words: {words: [project falcon, acme, globex]}}, {pattern: {patterns: {ticket: "TICK-[0-9]{4,}", build: "(?i)build [a-f0-9]{40}"}}}]
  output: [{secrets: {}}, {pii: {}}, {words: {words: [project falcon, acme, globex]}}]
`

// prose is about a thousand tokens of a prompt, without anything to be found.
var prose = strings.Repeat("The quarterly report covers 14 regions, and its authors expect that version 2.1 will be ready in March. Please sum up what has changed since then, in three points, and name open questions. ", 22)

// BenchmarkRequest measures all guards that decide by rules on a request of 1,000 tokens.
func BenchmarkRequest(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"1000_tokens_nothing_found", prose},
		{"1000_tokens_3_masked", prose + "Write to ann@example.com, 10.1.2.3 or 4111 1111 1111 1111."},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, body := compiled(b, everyRule), user(c.text)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				ex := exchangetest.Ask(b, "openai", body)
				if v, err := s.Join(ex).Request(b.Context(), &ex.Request); err != nil || v.Action != exchange.Pass {
					b.Fatal(v, err)
				}
			}
		})
	}
	b.Run("1000_tokens_no_guards", func(b *testing.B) {
		s, body := compiled(b, model), user(prose)
		b.ReportAllocs()
		for b.Loop() {
			ex := exchangetest.Ask(b, "openai", body)
			_, _ = s.Join(ex).Request(b.Context(), &ex.Request)
		}
	})
}

// BenchmarkStream measures what guards add to a streamed token.
func BenchmarkStream(b *testing.B) {
	tokens := strings.SplitAfter(prose, " ")
	events := make([]canon.Event, len(tokens))
	for i, text := range tokens {
		events[i] = exchangetest.Text(text)
	}
	for _, c := range []struct{ name, lines string }{
		{"mask", everyRule},
		{"deny", strings.ReplaceAll(everyRule, "{}", "{action: deny}")},
		{"watch", strings.ReplaceAll(everyRule, "{}", "{mode: shadow}")},
	} {
		b.Run("1_token_"+c.name, func(b *testing.B) {
			s := compiled(b, c.lines)
			v := s.Join(exchangetest.Ask(b, "openai", user("Hi"))).(*visit)
			ex := v.ex
			_, _ = v.Request(b.Context(), &ex.Request)
			ex.Response.Status, ex.Response.Stream = 200, true
			_, _ = v.Response(b.Context(), &ex.Response)
			emit := func(*canon.Event) {}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				_, _ = v.Events(b.Context(), events[i:i+1], emit)
				i = (i + 1) % len(events)
			}
		})
	}
}
