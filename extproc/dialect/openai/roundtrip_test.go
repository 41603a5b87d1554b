package openai_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

var target = canon.Target{Model: "m"}

func TestRequestsLoseNothingThatBothDialectsExpress(t *testing.T) {
	for seed := range uint64(2000) {
		body := canontest.NewRandom(seed).Request()
		r, err := openai.DecodeRequest(body)
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		want := canontest.MeaningOf(r)
		for _, path := range []func(*testing.T, *canon.Request) *canon.Request{viaAnthropic, viaOpenAI} {
			if diff := cmp.Diff(want, canontest.MeaningOf(path(t, r))); diff != "" {
				t.Fatalf("seed %d: %s\n%s", seed, body, diff)
			}
		}
	}
}

func viaOpenAI(t *testing.T, r *canon.Request) *canon.Request {
	t.Helper()
	body, dropped, err := openai.EncodeRequest(nil, r, target)
	if err != nil || len(dropped) > 0 {
		t.Fatalf("dropped %q, %v", dropped, err)
	}
	back, err := openai.DecodeRequest(body)
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return back
}

func viaAnthropic(t *testing.T, r *canon.Request) *canon.Request {
	t.Helper()
	body, dropped, err := anthropic.EncodeRequest(nil, r, target)
	if err != nil || len(dropped) > 0 {
		t.Fatalf("dropped %q, %v", dropped, err)
	}
	there, err := anthropic.DecodeRequest(body)
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if body, dropped, err = openai.EncodeRequest(nil, there, target); err != nil || len(dropped) > 0 {
		t.Fatalf("back: dropped %q, %v", dropped, err)
	}
	back, err := openai.DecodeRequest(body)
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return back
}

// families are the recordings of servers that speak this dialect.
var families = []string{"openai-chat", "azure-chat", "deepseek", "mistral", "ollama", "openrouter"}

func TestRecordedRequests(t *testing.T) {
	for _, ex := range canontest.Recorded(t, families...) {
		t.Run(ex.Name, func(t *testing.T) {
			r, err := openai.DecodeRequest(ex.Request)
			if err != nil {
				t.Fatal(err)
			}
			want := canontest.MeaningOf(r)
			if diff := cmp.Diff(want, canontest.MeaningOf(viaOpenAI(t, r))); diff != "" {
				t.Errorf("to the same dialect: %s", diff)
			}
			body, dropped, err := anthropic.EncodeRequest(nil, r, target)
			if err != nil {
				t.Skipf("cannot be asked of Anthropic: %v (dropped %q)", err, dropped)
			}
			there, err := anthropic.DecodeRequest(body)
			if err != nil {
				t.Fatal(err)
			}
			got := canontest.MeaningOf(there)
			want.Max = max(want.Max, got.Max) // Anthropic demands one
			if len(dropped) > 0 {
				t.Logf("dropped %q", dropped)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("to Anthropic: %s", diff)
			}
		})
	}
}

// recordedUsage is what each recording cost, read off it by hand: input, cache
// read, audio input, output, reasoning.
var recordedUsage = map[string][5]int64{
	"openai-chat-audio-to-text":                   {27, 0, 1, 17, 0},
	"openai-chat-basic":                           {8, 0, 0, 57, 320},
	"openai-chat-detailed-usage":                  {12, 0, 0, 0, 100},
	"openai-chat-image-to-text":                   {22, 0, 0, 15, 704},
	"openai-chat-json-mode":                       {21, 0, 0, 24, 256},
	"openai-chat-streaming":                       {0, 0, 0, 0, 0},
	"openai-chat-tools":                           {162, 0, 0, 31, 256},
	"azure-chat-basic":                            {8, 0, 0, 79, 192},
	"deepseek-deferred-capability-with-thinking":  {51, 512, 0, 56, 60},
	"deepseek-model-thinking-part":                {12, 0, 0, 374, 415},
	"mistral-history-uses-prompt-cache-last":      {44, 224, 0, 5, 0},
	"ollama-local-native-output-uses-json-schema": {136, 0, 0, 15, 0},
	"openrouter-stream-error":                     {43, 0, 0, 0, 10},
	"openrouter-streaming-reasoning":              {43, 0, 0, 23, 13},
}

func TestRecordedAnswers(t *testing.T) {
	for _, ex := range canontest.Recorded(t, families...) {
		t.Run(ex.Name, func(t *testing.T) {
			if ex.Status != 200 {
				fault := openai.DecodeFault(ex.Status, ex.Response)
				if fault.Kind != canon.FaultRequest || fault.Message == "" || fault.Param != "max_tokens" {
					t.Errorf("fault %+v", fault)
				}
				return
			}
			want, known := recordedUsage[ex.Name]
			if !known {
				t.Fatalf("no usage known for this recording")
			}
			if ex.Stream {
				recordedStream(t, ex, want)
				return
			}
			r, err := openai.DecodeResponse(ex.Response)
			if err != nil {
				t.Fatal(err)
			}
			checkUsage(t, &r.Usage, want)
			answer := canontest.AnswerOf(r)
			same, err := openai.DecodeResponse(openai.EncodeResponse(nil, r, client))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(answer, canontest.AnswerOf(same)); diff != "" {
				t.Errorf("to the same dialect: %s", diff)
			}
			there, err := anthropic.DecodeResponse(anthropic.EncodeResponse(nil, r, client))
			if err != nil {
				t.Fatal(err)
			}
			back, err := openai.DecodeResponse(openai.EncodeResponse(nil, there, client))
			if err != nil {
				t.Fatal(err)
			}
			answer.Usage.Input += answer.Usage.AudioInput // Anthropic counts them together
			answer.Usage.AudioInput = 0
			if diff := cmp.Diff(answer, canontest.AnswerOf(back)); diff != "" {
				t.Errorf("to Anthropic and back: %s", diff)
			}
		})
	}
}

func checkUsage(t *testing.T, u *canon.Usage, want [5]int64) {
	t.Helper()
	if got := [5]int64{u.Input, u.CacheRead, u.AudioInput, u.Output, u.Reasoning}; got != want || u.CacheWrite5m+u.CacheWrite1h+u.AudioOutput != 0 {
		t.Errorf("usage %+v, want %v", *u, want)
	}
}

func recordedStream(t *testing.T, ex canontest.Exchange, want [5]int64) {
	t.Helper()
	var u canon.Usage
	seen := &usageSeen{u: &u}
	canontest.Stream(new(openai.StreamDecoder), seen, ex.Response)
	checkUsage(t, &u, want)
	broken := ex.Name == "openrouter-stream-error"
	if (seen.fault != nil) != broken {
		t.Errorf("fault %v", seen.fault)
	}
	if broken {
		return
	}
	same := canontest.Stream(new(openai.StreamDecoder), openai.NewStreamEncoder(client), ex.Response)
	first, done, failed := accumulated(t, same)
	if !done || failed {
		t.Errorf("done %v, failed %v", done, failed)
	}
	original, _, _ := accumulated(t, ex.Response)
	a, b := saidBy(&original.ChatCompletion), saidBy(&first.ChatCompletion)
	if a.Finish == "" {
		a.Finish = "stop" // OpenRouter's last chunk makes the SDK forget it
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("the SDK reads (-original +ours) %s", diff)
	}
	there := canontest.Stream(new(openai.StreamDecoder), anthropic.NewStreamEncoder(client), ex.Response)
	back := canontest.Stream(new(anthropic.StreamDecoder), openai.NewStreamEncoder(client), there)
	again, _, _ := accumulated(t, back)
	if diff := cmp.Diff(a, saidBy(&again.ChatCompletion)); diff != "" {
		t.Errorf("to Anthropic and back (-original +ours) %s", diff)
	}
}

// usageSeen is an encoder that only listens.
type usageSeen struct {
	u     *canon.Usage
	fault *canon.Fault
}

// Append implements canontest.Encoder.
func (s *usageSeen) Append(dst []byte, ev *canon.Event) []byte {
	switch ev.Kind {
	case canon.EventUsage:
		s.u.Overwrite(ev.Usage)
	case canon.EventFailed:
		s.fault = ev.Fault
	default: // what else a stream says is not summed here
	}
	return dst
}

func TestFaultsAreErrorsOfDecoders(t *testing.T) {
	_, err := openai.DecodeResponse([]byte(`{"error":{"message":"m","code":"rate_limit_exceeded"}}`))
	var fault *canon.Fault
	if !errors.As(fmt.Errorf("attempt 1: %w", err), &fault) || fault.Kind != canon.FaultRateLimit || fault.Status != 429 {
		t.Errorf("%v", err)
	}
}
