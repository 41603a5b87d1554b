package anthropic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

var target = canon.Target{Model: "m"}

func TestAnswersLoseNothingThatBothDialectsExpress(t *testing.T) {
	for seed := range uint64(2000) {
		body := canontest.NewRandom(seed).Answer()
		r, err := anthropic.DecodeResponse(body)
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		want := canontest.AnswerOf(r)
		for _, via := range []func(*canon.Response) (*canon.Response, error){
			func(r *canon.Response) (*canon.Response, error) {
				return openai.DecodeResponse(openai.EncodeResponse(nil, r, client))
			},
			func(r *canon.Response) (*canon.Response, error) {
				return anthropic.DecodeResponse(anthropic.EncodeResponse(nil, r, client))
			},
		} {
			back, err := via(r)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if diff := cmp.Diff(want, canontest.AnswerOf(back)); diff != "" {
				t.Fatalf("seed %d: %s\n%s", seed, body, diff)
			}
		}
	}
}

func TestStreamsLoseNothingThatBothDialectsExpress(t *testing.T) {
	for seed := range uint64(2000) {
		r := canontest.NewRandom(seed)
		in := r.Stream()
		there := canontest.Stream(new(anthropic.StreamDecoder), openai.NewStreamEncoder(client), canontest.Pieces(in, 1+r.IntN(len(in)))...)
		back := canontest.Stream(new(openai.StreamDecoder), anthropic.NewStreamEncoder(client), canontest.Pieces(there, 1+r.IntN(len(there)))...)
		want, got := heard(t, in), heard(t, back)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: (-original +back) %s\n%s\n%s\n%s", seed, diff, in, there, back)
		}
	}
}

// heard is what the SDK makes of a stream, with neighbouring texts joined.
func heard(t *testing.T, stream []byte) said {
	t.Helper()
	msg, stopped, failed := accumulated(t, stream)
	if !stopped || failed {
		t.Fatalf("stopped %v, failed %v: %s", stopped, failed, stream)
	}
	s := saidBy(&msg)
	var joined []string
	for _, b := range s.Blocks {
		if text, ok := strings.CutPrefix(b, "text "); ok && len(joined) > 0 && strings.HasPrefix(joined[len(joined)-1], "text ") {
			joined[len(joined)-1] += text
			continue
		}
		joined = append(joined, b)
	}
	s.Blocks = joined
	return s
}

func TestToolIDsComeBackAndStayApart(t *testing.T) {
	ids := []string{"call_1", "", "a b", "hgid_YWJj", "hgid_", "abc", "hgid_YSBi", "é", "\"\\", "hgid_aGdpZF9ZV0pq", strings.Repeat("x", 100) + ":"}
	seen := map[string]string{}
	for _, id := range ids {
		there, back := anthropic.MapID(id)
		if back != id {
			t.Errorf("%q comes back as %q", id, back)
		}
		if other, ok := seen[there]; ok {
			t.Errorf("%q and %q both become %q", id, other, there)
		}
		seen[there] = id
		for _, c := range there {
			if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", c) {
				t.Errorf("%q becomes %q, which Anthropic refuses", id, there)
			}
		}
	}
}

func TestRecordedRequests(t *testing.T) {
	for _, ex := range canontest.Recorded(t, "anthropic-") {
		t.Run(ex.Name, func(t *testing.T) {
			r, err := anthropic.DecodeRequest(ex.Request)
			if err != nil {
				t.Fatal(err)
			}
			want := canontest.MeaningOf(r)
			same, dropped, err := anthropic.EncodeRequest(nil, r, target)
			if err != nil || len(dropped) > 0 {
				t.Fatalf("dropped %q, %v", dropped, err)
			}
			again, err := anthropic.DecodeRequest(same)
			if err != nil {
				t.Fatal(err)
			}
			got := canontest.MeaningOf(again)
			want.Max = got.Max // a request to count tokens has none
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("to the same dialect: %s", diff)
			}
			body, dropped, err := openai.EncodeRequest(nil, r, target)
			if err != nil {
				t.Fatal(err)
			}
			there, err := openai.DecodeRequest(body)
			if err != nil {
				t.Fatal(err)
			}
			if len(dropped) > 0 {
				t.Logf("dropped %q", dropped)
				return
			}
			got = canontest.MeaningOf(there)
			want.Max = got.Max
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("to OpenAI: %s", diff)
			}
		})
	}
}

// recordedUsage is what each recording cost, read off it by hand: input, cache
// read, cache write, output.
var recordedUsage = map[string][4]int64{
	"anthropic-cache-real-api":                    {3, 1111, 0, 406},
	"anthropic-code-execution-tool-stream":        {4714, 0, 0, 304},
	"anthropic-image-url-input":                   {296, 0, 0, 91},
	"anthropic-model-thinking-part-stream":        {43, 0, 0, 282},
	"anthropic-multiple-parallel-tool-calls":      {423, 0, 0, 202},
	"anthropic-multiple-parallel-tool-calls-last": {771, 0, 0, 77},
	"anthropic-tool-with-thinking-last":           {566, 0, 0, 126},
}

func TestRecordedAnswers(t *testing.T) {
	for _, ex := range canontest.Recorded(t, "anthropic-") {
		t.Run(ex.Name, func(t *testing.T) {
			if strings.Contains(ex.URL, "count_tokens") {
				if ex.Status != 200 {
					fault := anthropic.DecodeFault(ex.Status, ex.Response)
					if fault.Kind != canon.FaultNotFound || fault.Message == "" || fault.RequestID == "" {
						t.Errorf("fault %+v", fault)
					}
				}
				return
			}
			want, known := recordedUsage[ex.Name]
			if !known {
				t.Fatal("no usage known for this recording")
			}
			if ex.Stream {
				recordedStream(t, ex, want)
				return
			}
			r, err := anthropic.DecodeResponse(ex.Response)
			if err != nil {
				t.Fatal(err)
			}
			checkUsage(t, &r.Usage, want)
			answer := canontest.AnswerOf(r)
			there, err := openai.DecodeResponse(openai.EncodeResponse(nil, r, client))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(answer, canontest.AnswerOf(there)); diff != "" {
				t.Errorf("to OpenAI: %s", diff)
			}
			same, err := anthropic.DecodeResponse(anthropic.EncodeResponse(nil, r, client))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(answer, canontest.AnswerOf(same)); diff != "" {
				t.Errorf("to the same dialect: %s", diff)
			}
		})
	}
}

func checkUsage(t *testing.T, u *canon.Usage, want [4]int64) {
	t.Helper()
	if got := [4]int64{u.Input, u.CacheRead, u.CacheWrite5m + u.CacheWrite1h, u.TotalOutput()}; got != want {
		t.Errorf("usage %+v, want %v", *u, want)
	}
}

func recordedStream(t *testing.T, ex canontest.Exchange, want [4]int64) {
	t.Helper()
	var u canon.Usage
	canontest.Stream(new(anthropic.StreamDecoder), usageSeen{&u}, ex.Response)
	checkUsage(t, &u, want)
	original := heard(t, ex.Response)
	same := heard(t, canontest.Stream(&anthropic.StreamDecoder{Whole: true}, anthropic.NewStreamEncoder(client), ex.Response))
	if diff := cmp.Diff(original, same); diff != "" {
		t.Errorf("to the same dialect (-original +ours) %s", diff)
	}
	if strings.Contains(ex.Name, "code-execution") {
		return // its server blocks have no counterpart
	}
	there := canontest.Stream(new(anthropic.StreamDecoder), openai.NewStreamEncoder(client), ex.Response)
	back := heard(t, canontest.Stream(new(openai.StreamDecoder), anthropic.NewStreamEncoder(client), there))
	if diff := cmp.Diff(original, back); diff != "" {
		t.Errorf("to OpenAI and back (-original +ours) %s", diff)
	}
}

// usageSeen is an encoder that only listens.
type usageSeen struct{ u *canon.Usage }

// Append implements canontest.Encoder.
func (s usageSeen) Append(dst []byte, ev *canon.Event) []byte {
	if ev.Kind == canon.EventUsage {
		s.u.Overwrite(ev.Usage)
	}
	return dst
}
