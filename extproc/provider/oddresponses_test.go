package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

const (
	responseBegin = `response.created {"type":"response.created","response":{"id":"c","model":"m","status":"in_progress","output":[]}}`
	itemBegin     = `response.output_item.added {"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"msg_1","content":[]}}`
)

// itemEnd is the end of an item that said so much.
func itemEnd(said string) string {
	return `response.output_item.done {"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"msg_1","content":[{"type":"output_text","text":"` + said + `"}]}}`
}

func responseText(s string) string {
	return `response.output_text.delta {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"` + s + `"}`
}

// responseEnd is the last event of a stream, of a response with these members.
func responseEnd(kind, members string) string {
	return fmt.Sprintf(`response.%[1]s {"type":"response.%[1]s","response":{"id":"c","model":"m","status":%[1]q%[2]s,"output":[]}}`, kind, members)
}

func responseCounts(output int) string {
	return fmt.Sprintf(`,"usage":{"input_tokens":20,"output_tokens":%d}`, output)
}

// responsesUsage is what a server of responses reports in these tests, of this tier.
func responsesUsage(tier string, source canon.UsageSource) canon.Usage {
	return canon.Usage{Input: 20, Output: 7, ServiceTier: tier, Source: source, Seen: canon.BucketInput | canon.BucketCacheRead |
		canon.BucketCacheWrite5m | canon.BucketCacheWrite1h | canon.BucketOutput | canon.BucketReasoning}
}

func TestBothReadersKnowTheWaysOfServersOfResponses(t *testing.T) {
	ended := heard{ID: "c", Model: "m", Ended: true}
	counted := heard{ID: "c", Model: "m", Ended: true, Usage: responsesUsage("", canon.UsageProvider)}
	tier := counted
	tier.Usage.ServiceTier = "flex"
	failed := heard{ID: "c", Model: "m", Failed: true}
	failedCounted := heard{ID: "c", Model: "m", Failed: true, Usage: responsesUsage("", canon.UsageEstimated)}
	cut := heard{ID: "c", Model: "m"}
	_, nameless, _ := strings.Cut(responseEnd("completed", responseCounts(7)), " ")
	playOdd(t, "responses", []oddStream{
		{name: "as the dialect says", events: []string{responseBegin, itemBegin, responseText("hi"), itemEnd("hi"), responseEnd("completed", responseCounts(7))}, want: counted},
		{name: "events without names", events: []string{responseBegin, nameless}, want: counted},
		{name: "events without types", events: []string{`response.created {"response":{"id":"c","model":"m"}}`, `response.completed {"response":{"status":"completed"` + responseCounts(7) + `}}`}, want: counted},
		{name: "the last event only", events: []string{responseEnd("completed", responseCounts(7))}, want: counted},
		{name: "a tier", events: []string{responseBegin, responseEnd("completed", responseCounts(7)+`,"service_tier":"flex"`)}, want: tier},
		{name: "no usage", events: []string{responseBegin, responseText("hi"), responseEnd("completed", `,"usage":null`)}, want: ended},
		{name: "cut short", events: []string{responseBegin, responseText("hi"), responseEnd("incomplete", responseCounts(7))}, want: counted},
		{name: "a cut", events: []string{responseBegin, itemBegin, responseText("hi"), itemEnd("hi")}, want: cut},
		{name: "an error", events: []string{responseBegin, `error {"type":"error","code":"server_error","message":"x"}`}, want: failed},
		{name: "an error by its type", events: []string{responseBegin, `{"type":"error","message":"x"}`}, want: failed},
		{name: "an error by its member", events: []string{responseBegin, `{"error":{"message":"x"}}`}, want: failed},
		{name: "an error without data", events: []string{responseBegin, `error `}, want: cut, passes: func(h *heard) { h.Failed = true }}, // to a decoder an event without data is none
		{name: "a response that failed", events: []string{responseBegin, responseEnd("failed", `,"error":{"code":"server_error","message":"x"}`)}, want: failed},
		{name: "a response that failed, and its cost", events: []string{responseBegin, responseEnd("failed", responseCounts(7))},
			want: failedCounted, passes: countsAtOnce},
		{name: "a response that was cancelled", events: []string{responseBegin, responseEnd("cancelled", "")}, want: failed},
		{name: "what comes after the end", events: []string{responseBegin, responseEnd("completed", responseCounts(7)), responseText("late")}, want: counted},
	})
}

// response is a stream with these events in its only item.
func response(output int, events ...string) []string {
	said := ""
	for _, ev := range events {
		_, data, _ := strings.Cut(ev, " ")
		said += canon.Str(scan.Value(data).Get("delta")) // of what can be read
	}
	all := append([]string{responseBegin, itemBegin}, events...)
	return append(all, itemEnd(said), responseEnd("completed", responseCounts(output)))
}

// cutTo is the beginning of an event's data, behind its whole name.
func cutTo(n int, event string) string {
	name, data, _ := strings.Cut(event, " ")
	return name + " " + data[:n]
}

var damagedResponses = []damaged{
	{"nothing", response(1, responseText("a")), "a", true, 0},
	{"half a piece, and then the whole", response(2, responseText("a"), cutTo(50, responseText("b")), responseText("b")), "ab", true, 1},
	{"the same if fewer tokens are reported than pieces came", response(1, responseText("a"), cutTo(50, responseText("b")), responseText("b")), "ab", false, 1},
	{"half a piece in its place", response(3, responseText("a"), cutTo(50, responseText("b")), responseText("c")), "ac", false, 1},
	{"the last piece", response(2, responseText("a"), cutTo(50, responseText("b"))), "a", false, 1},
	{"what no dialect says", response(1, responseText("a"), `oops`, `{"status":"bu`, `noise {"type":"response.output_te`), "a", true, 3},
	{"an error", response(1, responseText("a"), `error {"type":"err`), "a", false, 1},
	{"a failure", response(1, responseText("a"), cutTo(40, responseEnd("failed", ""))), "a", false, 1},
	{"a beginning twice", append([]string{cutTo(40, responseBegin)}, response(1, responseText("a"))...), "a", true, 1},
	{"the end of an item in its place", []string{responseBegin, itemBegin, responseText("a"), cutTo(60, itemEnd("a")), responseEnd("completed", "")}, "a", false, 1},
	{"the end twice", append(response(1, responseText("a"))[:4], cutTo(60, responseEnd("completed", responseCounts(1))), responseEnd("completed", responseCounts(1))), "a", true, 1},
	{"the end", append(response(1, responseText("a"))[:4], cutTo(60, responseEnd("completed", responseCounts(1)))), "a", false, 1},
}
