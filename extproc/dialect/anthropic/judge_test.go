package anthropic_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/scan"
)

// accumulated is what the vendor's SDK makes of a stream. It also holds the
// stream against the order that clients rely on: one block open at a time.
func accumulated(t *testing.T, stream []byte) (msg sdk.Message, stopped, failed bool) {
	t.Helper()
	var s scan.Splitter
	s.Feed(stream)
	open := int64(-1)
	for {
		ev, err := s.Next()
		if err != nil || ev == nil {
			break
		}
		var event sdk.MessageStreamEventUnion
		if err := json.Unmarshal(ev.Data(), &event); err != nil {
			t.Fatalf("the SDK refuses %s: %v", ev, err)
		}
		if string(ev.Field("event")) != event.Type {
			t.Fatalf("event %q with data of %q", ev.Field("event"), event.Type)
		}
		switch event.Type {
		case "error":
			failed = true
			continue
		case "content_block_start":
			if open >= 0 {
				t.Fatalf("block %d starts inside block %d", event.Index, open)
			}
			open = event.Index
		case "content_block_delta", "content_block_stop":
			if open != event.Index {
				t.Fatalf("%s of block %d, but %d is open", event.Type, event.Index, open)
			}
			if event.Type == "content_block_stop" {
				open = -1
			}
		case "message_delta":
			if open >= 0 {
				t.Fatalf("message_delta inside block %d", open)
			}
		case "message_stop":
			stopped = true
		}
		if err := msg.Accumulate(event); err != nil {
			t.Fatalf("the SDK cannot accumulate %s: %v", ev, err)
		}
	}
	if len(s.Rest()) > 0 {
		t.Fatalf("no blank line behind %q", s.Rest())
	}
	return msg, stopped, failed
}

// said is the meaning of an answer.
type said struct {
	Stop   string
	Blocks []string
	Usage  [5]int64
}

func saidBy(m *sdk.Message) said {
	s := said{Stop: string(m.StopReason)}
	for i := range m.Content {
		b := &m.Content[i]
		switch b.Type {
		case "text":
			s.Blocks = append(s.Blocks, "text "+b.Text)
		case "thinking":
			s.Blocks = append(s.Blocks, "thinking "+b.Thinking+" "+b.Signature)
		case "redacted_thinking":
			s.Blocks = append(s.Blocks, "redacted "+b.Data)
		case "tool_use":
			var args bytes.Buffer
			if json.Compact(&args, b.Input) != nil {
				args.WriteString("invalid: " + string(b.Input))
			}
			s.Blocks = append(s.Blocks, "call "+b.ID+" "+b.Name+" "+args.String())
		default:
			s.Blocks = append(s.Blocks, b.Type)
		}
	}
	u := &m.Usage
	s.Usage = [5]int64{u.InputTokens, u.CacheReadInputTokens, u.CacheCreationInputTokens, u.OutputTokens, u.OutputTokensDetails.ThinkingTokens}
	return s
}

func TestTheSDKReadsTranslatedStreams(t *testing.T) {
	used := [5]int64{15, 5, 0, 7, 0}
	for name, want := range map[string]said{
		"text":                                  {"end_turn", []string{"text Hi \"é\"\n there"}, used},
		"reasoning-then-text":                   {"end_turn", []string{"thinking hm ", "text 2"}, used},
		"reasoning-with-a-signature":            {"end_turn", []string{"thinking hm c2ln", "text 2"}, [5]int64{}},
		"one-call-after-text":                   {"tool_use", []string{"text let me", `call call_1 f {"a":"\"}"}`}, used},
		"parallel-calls-in-turn":                {"tool_use", []string{`call call_1 f {"a":1}`, "call call_2 g {}"}, used},
		"refusal":                               {"refusal", []string{"text I will not."}, used},
		"calls-without-ids-stopped":             {"tool_use", []string{"call call_chatcmpl-1_0 f {}", "call call_chatcmpl-1_1 g {}"}, [5]int64{}},
		"interleaved-calls-wait-for-their-turn": {"tool_use", []string{`call call_1 f {"a":"{"}`, `call call_2 g {"b":2}`, "call call_3 h {}", "text meanwhile"}, used},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := os.ReadFile(filepath.Join("testdata/streams", name+".in.sse"))
			if err != nil {
				t.Fatal(err)
			}
			msg, stopped, failed := accumulated(t, translate(in))
			if !stopped || failed {
				t.Errorf("stopped %v, failed %v", stopped, failed)
			}
			if diff := cmp.Diff(want, saidBy(&msg)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryCutOfAStreamIsVisible(t *testing.T) {
	in, err := os.ReadFile("testdata/streams/interleaved-calls-wait-for-their-turn.in.sse")
	if err != nil {
		t.Fatal(err)
	}
	end := bytes.Index(in, []byte(`"finish_reason":"tool_calls"`))
	for n := 0; n < end; n++ {
		if _, stopped, failed := accumulated(t, translate(in[:n])); stopped || !failed {
			t.Fatalf("cut after %d of %d bytes: stopped %v, failed %v", n, len(in), stopped, failed)
		}
	}
}

func TestTheSDKReadsTranslatedAnswers(t *testing.T) {
	used := [5]int64{15, 5, 0, 7, 3}
	for name, want := range map[string]said{
		"text":                       {"end_turn", []string{"text Hi \"é\"\n"}, used},
		"reasoning-with-a-signature": {"end_turn", []string{"thinking hm c2ln", "redacted ZGF0", "text 2"}, used},
		"parallel-calls":             {"tool_use", []string{`call call_1 f {"a":"\"x\""}`, "call hgid_b2RkIGlk g {}", `call c3 h {"invalid_arguments":"{\"a\":"}`}, used},
		"refusal":                    {"refusal", []string{"text I will not."}, used},
		"cache-writes-and-more-reasoning-than-output": {"end_turn", []string{"text x"}, [5]int64{50, 30, 20, 10, 10}},
	} {
		in, err := os.ReadFile(filepath.Join("testdata/responses", name+".in.json"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := openai.DecodeResponse(in)
		if err != nil {
			t.Fatal(err)
		}
		var got sdk.Message
		if err := json.Unmarshal(anthropic.EncodeResponse(nil, r, client), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, saidBy(&got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Every golden request parses as the SDK's parameters, whose unions tell apart
// what the server would.
func TestTheSDKReadsTranslatedRequests(t *testing.T) {
	files, _ := filepath.Glob("testdata/requests/*.out.json")
	for _, file := range files {
		var out translated
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
		if out.Error != "" {
			continue
		}
		var params sdk.MessageNewParams
		if err := json.Unmarshal(out.Body, &params); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		again, err := json.Marshal(params)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if diff := cmp.Diff(loose(t, out.Body), loose(t, again)); diff != "" {
			t.Errorf("%s: the SDK writes what it read as (-ours +theirs):\n%s", file, diff)
		}
	}
}

// loose is JSON as a tree, with strings for contents as the SDK writes them:
// lists of one text block. stream is the SDK's own to add.
func loose(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			delete(v, "stream")
			for _, k := range []string{"content", "system"} {
				if s, ok := v[k].(string); ok {
					v[k] = []any{map[string]any{"type": "text", "text": s}}
				}
			}
			for _, m := range v {
				walk(m)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return v
}

func TestFaultsKeepTheirMeaningBothWays(t *testing.T) {
	for kind, status := range map[canon.FaultKind]int{
		canon.FaultRequest: 400, canon.FaultAuthentication: 401, canon.FaultBilling: 402, canon.FaultPermission: 403, canon.FaultNotFound: 404,
		canon.FaultTooLarge: 413, canon.FaultRateLimit: 429, canon.FaultServer: 500, canon.FaultOverloaded: 529, canon.FaultTimeout: 504,
	} {
		body, got := anthropic.EncodeFault(nil, &canon.Fault{Kind: kind, Message: "m \"q\"", RequestID: "req_1"})
		if got != status {
			t.Errorf("%s: status %d, want %d", kind, got, status)
		}
		back := anthropic.DecodeFault(got, body)
		if back.Kind != kind || back.Message != "m \"q\"" || back.RequestID != "req_1" {
			t.Errorf("%s comes back as %+v", kind, back)
		}
	}
}
