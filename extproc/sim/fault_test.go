package sim

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/sim/wire"
)

// outcome is what one faulty answer looks like to its client and in the log.
type outcome struct {
	Status  int
	Broken  bool // the client saw an error, not an end
	Valid   bool // JSON: it parses; a stream: it has its last event
	Events  int
	Ended   Ended
	Output  int // tokens billed
	NoInput bool
}

func look(t *testing.T, s *Server, got answered, stream bool) outcome {
	t.Helper()
	served := last(t, s, 1)
	o := outcome{
		Status: got.status, Broken: got.err != nil, Valid: json.Valid([]byte(got.body)),
		Events: served.Events, Ended: served.Ended, Output: served.Usage.TotalOutput(), NoInput: served.Usage.TotalInput() == 0,
	}
	if stream {
		o.Valid = strings.Contains(got.body, "data: [DONE]") || strings.Contains(got.body, `"message_stop"`)
	}
	return o
}

// TestFaults shows each fault on a JSON answer and a stream of either dialect.
// With tokens=4 an OpenAI stream has 7 events (role, 4 texts, finish, [DONE]) and
// an Anthropic stream 10 (start, block start, ping, 4 texts, block stop, delta, stop).
func TestFaults(t *testing.T) {
	const cutOff = EndedCut
	for _, c := range []struct {
		sim, body string
		want      outcome
	}{
		{"", chatBody, outcome{200, false, true, 0, EndedComplete, 4, false}},
		{"", chatStreams, outcome{200, false, true, 7, EndedComplete, 4, false}},
		{"", msgBody, outcome{200, false, true, 0, EndedComplete, 4, false}},
		{"", msgStreams, outcome{200, false, true, 10, EndedComplete, 4, false}},
		{"cut=headers", chatBody, outcome{0, true, false, 0, cutOff, 0, true}},
		{"cut=headers", msgStreams, outcome{0, true, false, 0, cutOff, 0, true}},
		{"cut=20", chatBody, outcome{200, true, false, 0, cutOff, 4, false}},
		{"cut=9999", chatBody, outcome{200, true, false, 0, cutOff, 4, false}},
		{"cut=0", chatStreams, outcome{200, true, false, 0, cutOff, 0, true}},
		{"cut=3", chatStreams, outcome{200, true, false, 3, cutOff, 2, false}},
		{"cut=99", chatStreams, outcome{200, true, true, 7, cutOff, 4, false}},
		{"cut=3;burst", chatStreams, outcome{200, true, false, 3, cutOff, 2, false}},
		{"cut=5", msgStreams, outcome{200, true, false, 5, cutOff, 2, false}},
		{"reset=headers", chatBody, outcome{0, true, false, 0, cutOff, 0, true}},
		{"malformed=5", chatBody, outcome{200, false, false, 0, EndedComplete, 4, false}},
		{"malformed=5", msgBody, outcome{200, false, false, 0, EndedComplete, 4, false}},
		{"truncate", chatBody, outcome{200, false, false, 0, EndedComplete, 4, false}},
		{"truncate=10", msgBody, outcome{200, false, false, 0, EndedComplete, 4, false}},
		{"truncate=3", chatStreams, outcome{200, false, false, 3, EndedComplete, 2, false}},
		{"truncate", msgStreams, outcome{200, false, false, 5, EndedComplete, 2, false}},
		{"error=3", chatStreams, outcome{200, false, false, 3, EndedComplete, 2, false}},
		{"error=0", msgStreams, outcome{200, false, false, 0, EndedComplete, 0, true}},
		{"content-length=9999", chatBody, outcome{200, true, true, 0, EndedComplete, 4, false}},
		{"content-length=30", chatBody, outcome{200, false, false, 0, EndedComplete, 4, false}},
		{"content-length=9999", chatStreams, outcome{200, true, true, 7, EndedComplete, 4, false}},
		{"no-done", chatStreams, outcome{200, false, false, 6, EndedComplete, 4, false}},
		{"no-done", msgStreams, outcome{200, false, false, 9, EndedComplete, 4, false}},
		{"drip=2", chatBody, outcome{200, false, true, 0, EndedComplete, 4, false}},
		{"stutter=3", chatStreams, outcome{200, false, true, 7, EndedComplete, 4, false}},
		{"stutter=99", msgStreams, outcome{200, false, true, 10, EndedComplete, 4, false}},
		{"reject=context", chatBody, outcome{400, false, true, 0, EndedComplete, 0, true}},
		{"reject=filter", msgStreams, outcome{400, false, false, 0, EndedComplete, 0, true}},
		{"reject=prefill", chatBody, outcome{200, false, true, 0, EndedComplete, 4, false}},
		{"reject=prefill", chatPrefills, outcome{400, false, true, 0, EndedComplete, 0, true}},
		{"reject=prefill", msgPrefills, outcome{400, false, true, 0, EndedComplete, 0, true}},
	} {
		path := "/v1/chat/completions"
		if strings.Contains(c.body, "claude") {
			path = "/v1/messages"
		}
		t.Run(path+" "+c.sim, func(t *testing.T) {
			s, r := start(t, Options{})
			got := ask(t, r, "POST", path, c.body, "X-Sim: tokens=4;"+c.sim)
			stream := strings.Contains(c.body, "stream")
			if d := cmp.Diff(c.want, look(t, s, got, stream)); d != "" {
				t.Errorf("%s\n%v\n%s", d, got.err, got.body)
			}
		})
	}
}

// TestBehaviours shows what the keys that break nothing do.
func TestBehaviours(t *testing.T) {
	usage := func(t *testing.T, body string) map[string]any {
		var doc struct{ Usage map[string]any }
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return doc.Usage
	}
	has := func(want string) func(*testing.T, answered, Served) {
		return func(t *testing.T, got answered, _ Served) {
			if !strings.Contains(got.body, want) {
				t.Errorf("no %s in %s", want, got.body)
			}
		}
	}
	billed := func(want Usage) func(*testing.T, answered, Served) {
		return func(t *testing.T, got answered, served Served) {
			if served.Usage != want {
				t.Errorf("billed %+v, want %+v", served.Usage, want)
			}
		}
	}
	const input = wire.PrimeTokens + wire.FrameTokens + 2
	for _, c := range []struct {
		sim, body string
		check     func(*testing.T, answered, Served)
	}{
		{"text=a b", chatBody, has(`"content":"a b"`)},
		{`text="x;y\n😀"`, chatBody, has(`"content":"x;y\n😀"`)},
		{"echo", msgBody, has(`"text":"Hello!"`)},
		{"tokens=0", chatBody, has(`"content":""`)},
		{"snapshot=gpt-x", chatBody, has(`"model":"gpt-x"`)},
		{"finish=content_filter", chatBody, has(`"finish_reason":"content_filter"`)},
		{"finish=pause_turn", msgBody, has(`"stop_reason":"pause_turn"`)},
		{"refusal", chatBody, has(`"content":null,"refusal":"I’m sorry`)},
		{"refusal", msgBody, has(`"content":[],"stop_reason":"refusal"`)},
		{"tool=unheard", chatBody, has(`"name":"unheard","arguments":"{}"`)},
		{"tools=2", chatBody, has("name one with tool=NAME")},
		{"tool=a;tools=2", msgBody, has(`"name":"a","input":{}},{"type":"tool_use"`)},
		{"reasoning=3;tokens=2", chatBody, has(`"reasoning_tokens":3`)},
		{"reasoning=3;tokens=2;reasoning-content", chatBody, has(`"reasoning_content":"The user asks"`)},
		{"cached=4;tokens=1", chatBody, billed(Usage{Input: input - 4, CacheRead: 4, Output: 1})},
		{"cached=4000;tokens=1", chatBody, billed(Usage{CacheRead: input, Output: 1})},
		{"cached=1;cache-write=2;cache-write-1h=3;tokens=1", msgBody, billed(Usage{Input: input - 6, CacheRead: 1, CacheWrite5m: 2, CacheWrite1h: 3, Output: 1})},
		{"audio=5;audio-out=6;tokens=1", chatBody, billed(Usage{Input: input, AudioInput: 5, Output: 1, AudioOutput: 6})},
		{"reasoning=2;tokens=3", msgBody, billed(Usage{Input: input, Output: 3, Reasoning: 2})},
		{"close", chatBody, func(t *testing.T, got answered, _ Served) {
			if !got.close {
				t.Error("the connection stays open")
			}
		}},
		{"no-usage", chatBody, func(t *testing.T, got answered, _ Served) {
			if u := usage(t, got.body); u != nil {
				t.Errorf("usage %v", u)
			}
		}},
		{"no-usage", msgStreams, func(t *testing.T, got answered, _ Served) {
			if strings.Contains(got.body, "usage") {
				t.Errorf("usage in %s", got.body)
			}
		}},
		{"oversize=100000", chatBody, func(t *testing.T, got answered, served Served) {
			if len(got.body) < 100_000 || !json.Valid([]byte(got.body)) || served.Usage.Output < 10_000 {
				t.Errorf("%d bytes, billed %+v", len(got.body), served.Usage)
			}
		}},
		{"oversize=100000", msgStreams, func(t *testing.T, got answered, served Served) {
			if len(got.body) < 100_000 || served.Events != 7 || served.Usage.Output < 10_000 {
				t.Errorf("%d bytes, %d events, billed %+v", len(got.body), served.Events, served.Usage)
			}
		}},
		{"gzip", chatBody, unzips(answerText[:20])},
		{"gzip;drip=3;crlf", chatStreams, unzips("[DONE]\r\n\r\n")},
		{"gzip;burst", msgStreams, unzips(`"message_stop"`)},
		{"ttft=3s", chatBody, took(3 * time.Second)},
		{"ttft=3s;tps=2;tokens=4", chatBody, took(5 * time.Second)},
		{"ttft=3s;tps=2;tokens=4", chatStreams, took(5 * time.Second)},
		{"ttft=1s;status=500", chatBody, took(time.Second)},
		{"pause=1s;tokens=4", chatStreams, took(6 * time.Second)},
		{"burst;pause=1s", chatStreams, took(0)},
		{"drip=100;pause=1s", chatBody, func(t *testing.T, _ answered, served Served) {
			took(time.Duration((served.BytesSent-1)/100)*time.Second)(t, answered{}, served)
		}},
		{"drip=100;pause=1s", msgStreams, func(t *testing.T, _ answered, served Served) {
			if served.Took <= time.Duration(served.Events)*time.Second {
				t.Errorf("%d events took %v", served.Events, served.Took)
			}
		}},
		{"status=502", chatBody, has("<center>cloudflare</center>")},
	} {
		path := "/v1/chat/completions"
		if strings.Contains(c.body, "claude") {
			path = "/v1/messages"
		}
		t.Run(path+" "+c.sim, func(t *testing.T) {
			s, r := start(t, Options{})
			got := ask(t, r, "POST", path, c.body, "X-Sim: "+c.sim)
			if got.err != nil {
				t.Fatal(got.err)
			}
			c.check(t, got, last(t, s, 1))
		})
	}
}

func unzips(want string) func(*testing.T, answered, Served) {
	return func(t *testing.T, got answered, _ Served) {
		if got.header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("headers %v", got.header)
		}
		z, err := gzip.NewReader(strings.NewReader(got.body))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(z); err != nil || !bytes.Contains(plain, []byte(want)) {
			t.Errorf("%v: no %q in %q", err, want, plain)
		}
	}
}

func took(want time.Duration) func(*testing.T, answered, Served) {
	return func(t *testing.T, _ answered, served Served) {
		if served.Took != want {
			t.Errorf("took %v, want %v", served.Took, want)
		}
	}
}

// TestHangs lets the client leave what never ends.
func TestHangs(t *testing.T) {
	for _, c := range []struct {
		sim, body string
		status    int // 0: no headers come
		output    int
		until     string // what the client reads before it leaves
	}{
		{"hang=headers", chatBody, 0, 0, ""},
		{"hang=0", chatStreams, 200, 0, ""},
		{"hang=3", chatStreams, 200, 2, `"content":" "`},
		{"hang=3;burst", chatStreams, 200, 2, `"content":" "`},
		{"hang=10", chatBody, 200, len(answerTokens), `{"id":"cha`},
		{"hang=99999", chatBody, 200, len(answerTokens), `"fp_5417b77867"`},
	} {
		t.Run(c.sim+" "+c.body, func(t *testing.T) {
			s, r := start(t, Options{})
			ctx, cancel := context.WithCancel(timeout(t))
			defer cancel()
			req, _ := http.NewRequestWithContext(ctx, "POST", r.URL+"/v1/chat/completions", strings.NewReader(c.body))
			req.Header.Set("Authorization", "Bearer k")
			req.Header.Set("X-Sim", c.sim)
			if c.status == 0 {
				go func() {
					s.WaitReceived(ctx, 1)
					cancel()
				}()
			}
			res, err := http.DefaultClient.Do(req)
			if (err != nil) != (c.status == 0) {
				t.Fatalf("got %v", err)
			}
			if err == nil {
				var read strings.Builder
				for b := make([]byte, 1); !strings.HasSuffix(read.String(), c.until); read.Write(b) {
					if _, err := io.ReadFull(res.Body, b); err != nil {
						t.Fatalf("%v after %q", err, read.String())
					}
				}
				if n := len(s.Served()); n != 0 {
					t.Errorf("%d exchanges finished early", n)
				}
				cancel()
				res.Body.Close()
			}
			if served := last(t, s, 1); served.Ended != EndedHung || served.Status != c.status || served.Usage.Output != c.output {
				t.Errorf("served %+v", served)
			}
		})
	}
}

func TestClientLeavesWhileTheServerWaits(t *testing.T) {
	s, r := start(t, Options{Clock: realClock{}})
	ctx, cancel := context.WithCancel(timeout(t))
	req, _ := http.NewRequestWithContext(ctx, "POST", r.URL+"/v1/chat/completions", strings.NewReader(chatBody))
	req.Header.Set("Authorization", "Bearer k")
	req.Header.Set("X-Sim", "ttft=1h")
	go func() {
		s.WaitReceived(ctx, 1)
		cancel()
	}()
	if _, err := http.DefaultClient.Do(req); err == nil {
		t.Fatal("an answer came")
	}
	if served := last(t, s, 1); served.Ended != EndedClientGone || served.Status != 0 || served.Usage != (Usage{}) {
		t.Errorf("served %+v", served)
	}
}

// TestResetIsATCPReset holds that a reset is no plain close.
func TestResetIsATCPReset(t *testing.T) {
	for sim, reset := range map[string]bool{"reset=2": true, "cut=2": false} {
		_, r := start(t, Options{})
		conn, err := net.Dial("tcp", r.Addr.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer k\r\nX-Sim: "+sim+
			"\r\nContent-Length: "+itoa(len(chatStreams))+"\r\n\r\n"+chatStreams)
		_, err = io.Copy(io.Discard, conn)
		if got := err != nil && strings.Contains(err.Error(), "reset by peer"); got != reset {
			t.Errorf("%s: %v", sim, err)
		}
	}
}

// TestEveryKeyIsShown keeps the tests, the README and the keys together.
func TestEveryKeyIsShown(t *testing.T) {
	shown := readAll(t, "fault_test.go", "shapes_test.go", "shapes.yaml", "silence_test.go", "wire_test.go", "openai_sdk_test.go", "moderations_sdk_test.go", "anthropic_sdk_test.go", "responses_sdk_test.go")
	readme := readAll(t, "README.md")
	for key := range wire.Keys {
		if !strings.Contains(shown, `"`+key) && !strings.Contains(shown, ";"+key) && !strings.Contains(shown, "[[sim "+key) && !strings.Contains(shown, "do: "+key) && !strings.Contains(shown, " "+key+"=") {
			t.Errorf("%s: no test", key)
		}
		if !strings.Contains(readme, "`"+key) {
			t.Errorf("%s: not in the README", key)
		}
	}
}
