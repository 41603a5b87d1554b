package provider

import (
	"testing"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// TestWhatSaysSomethingOfAnAnswer holds which events end a provider's silence, in a stream
// that passes and in one that is translated.
func TestWhatSaysSomethingOfAnAnswer(t *testing.T) {
	const block = `content_block_start {"type":"content_block_start","index":0,"content_block":`
	thinks := []string{messageBegin, block + `{"type":"thinking","thinking":"","signature":""}}`}
	calls := []string{messageBegin, block + `{"type":"tool_use","id":"t","name":"f","input":{}}}`}
	for _, c := range []struct {
		name, dialect string
		before        []string
		event         string
		says          bool
	}{
		{"a comment", "openai", nil, "", false},
		{"a role", "openai", nil, chatHead + `{"role":"assistant","content":""},"finish_reason":null}]}`, false},
		{"nothing", "openai", nil, chatHead + `{},"finish_reason":null}]}`, false},
		{"empty members", "openai", nil, chatHead + `{"content":"","reasoning_content":null,"tool_calls":[],"refusal":""}}]}`, false},
		{"no choices", "openai", nil, `{"id":"c","model":"m","choices":[]}`, false},
		{"a report", "openai", nil, chatCounts(1, 0), false},
		{"a name alone", "openai", nil, `ping {}`, false},
		{"text", "openai", nil, chatText("a"), true},
		{"a blank", "openai", nil, chatText(" "), true},
		{"reasoning", "openai", nil, chatHead + `{"reasoning_content":"a"}}]}`, true},
		{"reasoning of another name", "openai", nil, chatHead + `{"reasoning":"a"}}]}`, true},
		{"encrypted reasoning", "openai", nil, chatHead + `{"reasoning_details":[{"type":"reasoning.encrypted","data":"a"}]}}]}`, true},
		{"a refusal", "openai", nil, chatHead + `{"refusal":"no"}}]}`, true},
		{"a call", "openai", nil, chatHead + `{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}]}}]}`, true},
		{"arguments", "openai", []string{chatHead + `{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":""}}]}}]}`}, chatHead + `{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]}`, true},
		{"the reason of the end", "openai", []string{chatText("a")}, chatStop, true},
		{"the end marker", "openai", []string{chatText("a"), chatStop}, done, true},
		{"a ping", "anthropic", thinks, `ping {"type":"ping"}`, false},
		{"the beginning", "anthropic", nil, messageBegin, false},
		{"the beginning of a text", "anthropic", []string{messageBegin}, blockBegin, false},
		{"an empty delta", "anthropic", []string{messageBegin, blockBegin}, messageText(""), false},
		{"the end of a block", "anthropic", []string{messageBegin, blockBegin, messageText("a")}, blockEnd, false},
		{"text", "anthropic", []string{messageBegin, blockBegin}, messageText("a"), true},
		{"thinking", "anthropic", thinks, `content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"a"}}`, true},
		{"a signature", "anthropic", thinks, `content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"a"}}`, true},
		{"redacted thinking", "anthropic", []string{messageBegin}, block + `{"type":"redacted_thinking","data":"a"}}`, true},
		{"a call", "anthropic", calls[:1], calls[1], true},
		{"arguments", "anthropic", calls, `content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{"}}`, true},
		{"the reason of the end", "anthropic", []string{messageBegin, blockBegin, messageText("a"), blockEnd}, messageEnd(1), true},
		{"the end", "anthropic", []string{messageBegin, blockBegin, messageText("a"), blockEnd, messageEnd(1)}, messageStop, true},
	} {
		event := sse(c.event)
		if c.event == "" {
			event = []byte(": keep-alive\n\n")
		}
		passes, translates := &exchange.Exchange{}, &exchange.Exchange{}
		translates.Response.Translates = true
		for way, ex := range map[string]*exchange.Exchange{"passes": passes, "is translated": translates} {
			s := newStream(&target{dialect: dialect.ByName(c.dialect)}, ex, false)
			hear(t, s, sse(c.before...))
			before := ex.Response.Said
			if hear(t, s, event); (ex.Response.Said > before) != c.says {
				t.Errorf("%s of %s, which %s: it says something: %t", c.name, c.dialect, way, !c.says)
			}
		}
	}
}

// hear has a stream read what comes.
func hear(t *testing.T, s *stream, piece []byte) {
	t.Helper()
	if !s.ex.Response.Translates {
		if _, err := s.Pass(piece, false); err != nil {
			t.Error(err)
		}
		return
	}
	if err := s.Feed(piece, false); err != nil {
		t.Error(err)
	}
	for s.Next() != nil {
	}
}
