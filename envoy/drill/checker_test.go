package drill

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

var (
	chatSSE    = Way{"openai", true}
	chatJSON   = Way{"openai", false}
	claudeSSE  = Way{"anthropic", true}
	claudeJSON = Way{"anthropic", false}
)

// answers are whole ones of a link, in each way.
func answer(w Way, text, finish string) string {
	words := strings.SplitAfter(text, " ")
	var b strings.Builder
	switch w {
	case chatJSON:
		fmt.Fprintf(&b, `{"model":"m","choices":[{"message":{"content":%q},"finish_reason":%q}],"usage":{"prompt_tokens":8,"completion_tokens":60}}`, text, finish)
	case claudeJSON:
		fmt.Fprintf(&b, `{"type":"message","model":"m","content":[{"type":"text","text":%q}],"stop_reason":%q,"usage":{"input_tokens":5,"cache_read_input_tokens":3,"output_tokens":60}}`, text, finish)
	case chatSSE:
		b.WriteString("data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n")
		for _, word := range words {
			fmt.Fprintf(&b, "data: {\"choices\":[{\"delta\":{\"content\":%q}}]}\n\n", word)
		}
		if finish != "" {
			fmt.Fprintf(&b, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":%q}]}\n\n", finish)
			b.WriteString("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":60}}\n\ndata: [DONE]\n\n")
		}
	case claudeSSE:
		b.WriteString("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":8,\"output_tokens\":1}}}\n\n: ping\n\n")
		for _, word := range words {
			fmt.Fprintf(&b, "event: content_block_delta\r\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":%q}}\r\n\r\n", word)
		}
		if finish != "" {
			fmt.Fprintf(&b, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":%q},\"usage\":{\"output_tokens\":60}}\n\n", finish)
			b.WriteString("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
		}
	}
	return b.String()
}

func got(w Way, status int, body string) Seen {
	s := Seen{Way: w, Status: status, Body: []byte(body), End: EndClean, Header: http.Header{"Content-Type": {"application/json"}}, Took: time.Second}
	if w.Stream && status == http.StatusOK {
		s.Header.Set("Content-Type", "text/event-stream")
	}
	return s
}

// errorBody is one of either dialect.
func errorBody(code, message string) string {
	return fmt.Sprintf(`{"type":"error","error":{"type":"some_error","code":%q,"message":%q}}`, code, message)
}

var (
	possible = Want{Limit: inTime, Whole: true, Links: 2}
	bothLogs = []Attempt{
		{Link: 0, Model: "m", Status: 503, Ended: "complete"},
		{Link: 1, Model: "m", Status: 200, Ended: "complete", Input: 8, Output: 60},
	}
)

// TestAWholeAnswerPasses holds it in each way of asking.
func TestAWholeAnswerPasses(t *testing.T) {
	for _, w := range Ways {
		j := Judge(possible, got(w, 200, answer(w, textOf(1), "stop")), bothLogs)
		if j.Verdict != Pass || j.Link != 1 {
			t.Errorf("%s: %+v", w, j)
		}
		late := got(w, 200, answer(w, textOf(1), "stop"))
		late.Took = inTime + 1
		if j := Judge(possible, late, bothLogs); j.Verdict != Partial || j.Link != 1 {
			t.Errorf("%s, late: %+v", w, j)
		}
	}
}

// TestBrokenSoldAsWholeFails holds that no clean end makes a whole of what is not: neither
// that of HTTP nor that of the dialect.
func TestBrokenSoldAsWholeFails(t *testing.T) {
	half := textOf(1)[:100]
	for _, w := range Ways {
		for what, seen := range map[string]Seen{
			"truncated":                         got(w, 200, answer(w, half, "stop")),
			"truncated, and nothing says more":  got(w, 200, answer(w, half, "")),
			"whole, but nothing says so":        got(w, 200, answer(w, textOf(1), "")),
			"two links in one":                  got(w, 200, answer(w, textOf(0)[:120]+textOf(1)[120:], "stop")),
			"doubled":                           got(w, 200, answer(w, textOf(1)+textOf(1), "stop")),
			"nothing":                           got(w, 200, ""),
			"of a link that answered with 503":  got(w, 200, answer(w, textOf(0), "stop")),
			"with the name of another model":    got(w, 200, strings.ReplaceAll(answer(w, textOf(1), "stop"), `"model":"m"`, `"model":"n"`)),
			"with other tokens than were taken": got(w, 200, strings.ReplaceAll(answer(w, textOf(1), "stop"), "_tokens\":60", "_tokens\":59")),
		} {
			if j := Judge(possible, seen, bothLogs); j.Verdict != Fail {
				t.Errorf("%s, %s: %+v", w, what, j)
			}
		}
	}
	for _, body := range []string{answer(chatJSON, textOf(1), "stop")[:300], errorBody("x", "y"), "<html>"} {
		if j := Judge(possible, got(chatJSON, 200, body), bothLogs); j.Verdict != Fail {
			t.Errorf("%q: %+v", body, j)
		}
	}
}

// TestAnErrorThatTheClientNoticesIsSafe holds it for each that the dialects have.
func TestAnErrorThatTheClientNoticesIsSafe(t *testing.T) {
	part := answer(chatSSE, textOf(0)[:100], "")
	cut := got(chatSSE, 200, part)
	cut.End = EndCut
	closed := Seen{Way: chatSSE, End: EndCut}
	for what, seen := range map[string]Seen{
		"cut":                       cut,
		"cut behind the last event": {Way: chatSSE, Status: 200, Header: cut.Header, Body: []byte(answer(chatSSE, textOf(0), "stop")), End: EndCut},
		"closed without an answer":  closed,
		"error event":               got(chatSSE, 200, part+"data: "+errorBody("", "Overloaded")+"\n\n"),
		"error event of Anthropic":  got(claudeSSE, 200, answer(claudeSSE, "a01", "")+"event: error\ndata: "+errorBody("", "Overloaded")+"\n\n"),
		"event that cannot be read": got(chatSSE, 200, part+"data: {\"choices\n\n"+answer(chatSSE, textOf(0), "stop")),
		"503":                       got(chatSSE, 503, errorBody("all_models_exhausted", "none")),
		"HTML":                      got(chatJSON, 502, "<html>"),
	} {
		if j := Judge(possible, seen, bothLogs); j.Verdict != Safe || j.Link != -1 || j.Saw == "" {
			t.Errorf("%s: %+v", what, j)
		}
	}
}

// TestNoEndFails holds that silence for ever is no honest error.
func TestNoEndFails(t *testing.T) {
	if j := Judge(possible, Seen{Way: chatJSON, Status: 200, End: EndGaveUp}, nil); j.Verdict != Fail {
		t.Errorf("%+v", j)
	}
}

// TestTheRightRefusalPasses holds that a refusal passes if nothing better was to be had,
// and that to go around one fails.
func TestTheRightRefusalPasses(t *testing.T) {
	faults := map[string]Fault{}
	for _, f := range Faults(DefaultOutage) {
		faults[f.Name] = f
	}
	tooLong := got(claudeJSON, 400, errorBody("", "prompt is too long: 9 tokens > 8 maximum"))
	filtered := got(chatSSE, 400, errorBody("content_filter", "The response was filtered"))
	for _, c := range []struct {
		fault  string
		longer bool
		seen   Seen
		want   Verdict
	}{
		{"context", false, tooLong, Pass},
		{"context", true, tooLong, Safe},
		{"context", true, got(chatJSON, 200, answer(chatJSON, textOf(1), "stop")), Pass},
		{"context", false, filtered, Safe},
		{"filter", false, filtered, Pass},
		{"filter", false, got(chatSSE, 500, errorBody("content_filter", "filtered")), Safe},
		{"filter", false, got(chatJSON, 200, answer(chatJSON, textOf(1), "stop")), Fail},
		{"all-down", false, got(chatJSON, 503, errorBody("all_models_exhausted", "none")), Pass},
		{"all-down", false, got(chatJSON, 400, errorBody("x", "your fault")), Safe},
		{"503-always", false, got(chatJSON, 503, errorBody("all_models_exhausted", "none")), Safe},
	} {
		f := faults[c.fault]
		if j := Judge(f.want(2, c.longer), c.seen, bothLogs); j.Verdict != c.want {
			t.Errorf("%s, longer %t: %+v, want %s", c.fault, c.longer, j, c.want)
		}
	}
}

// TestAuditWantsOneRow holds that the record has one row, of the link that answered.
func TestAuditWantsOneRow(t *testing.T) {
	log := []Attempt{{Link: 0, Status: 503}, {Link: 1, Backend: "b.1", Model: "m", Status: 200, Input: 8, Output: 60}}
	right := Row{"b.1", "m", 200, 8, 60}
	for _, c := range []struct {
		rows []Row
		want Verdict
	}{
		{[]Row{right}, Pass},
		{nil, Fail},
		{[]Row{right, right}, Fail},
		{[]Row{{"a.1", "m", 200, 8, 60}}, Fail},
		{[]Row{{"b.1", "m", 200, 8, 0}}, Fail},
	} {
		r := Result{Judgement: Judgement{Pass, "", 1}, Attempts: log}
		if audit(&r, c.rows); r.Verdict != c.want {
			t.Errorf("%v: %+v", c.rows, r.Judgement)
		}
	}
	refused := Result{Judgement: Judgement{Safe, "", -1}}
	if audit(&refused, nil); refused.Verdict != Safe {
		t.Errorf("without an answer: %+v", refused.Judgement)
	}
}
