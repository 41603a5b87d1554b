package meter_test

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// said is a text of ten tokens, as they are estimated.
const said = "a text of ten tokens, as each is counted"

// TestWhatAReportDoesNotSayIsEstimated holds that no count is silently none: what a provider does
// not report, or reports as what cannot be a count, is estimated, and the exchange says so.
func TestWhatAReportDoesNotSayIsEstimated(t *testing.T) {
	const guess = -1
	for name, c := range map[string]struct {
		input, output string // as the provider writes the counts; empty: it writes none
		in, out       int64
	}{
		"both":                      {"100", "20", 100, 20},
		"whole numbers of a float":  {"100.0", "2e1", 100, 20},
		"nothing that is nothing":   {"0", "0", 0, 0},
		"no input":                  {"", "20", guess, 20},
		"no output":                 {"100", "", 100, guess},
		"neither":                   {"", "", guess, guess},
		"null":                      {"null", "null", guess, guess},
		"texts":                     {`"100"`, `"20"`, guess, guess},
		"parts of a token":          {"100.5", "20", guess, 20},
		"less than nothing":         {"-100", "-20", guess, guess},
		"more than any model takes": {"9000000000000000000", "20", guess, 20},
		"more than a number holds":  {"1e300", "99999999999999999999", guess, guess},
		"of another kind":           {"[100]", `{"tokens":20}`, guess, guess},
	} {
		for _, d := range []string{"openai", "anthropic", "responses"} {
			for _, stream := range []bool{false, true} {
				ex := metered(t, d, c.input, c.output, stream)
				in, out, source := c.in, c.out, canon.UsageProvider
				if in == guess {
					in, source = canon.Tokens(scan.Written(ex.Request.Body)), canon.UsageEstimated
				}
				if out == guess {
					out, source = 10, canon.UsageEstimated
				}
				if u := &ex.Usage; u.TotalInput() != in || u.TotalOutput() != out || u.Source != source || (ex.Cost.Nano > 0) != (in+out > 0) {
					t.Errorf("%s of %s, stream %t: %d and %d of %q, %d nano-USD; want %d and %d of %q",
						name, d, stream, u.TotalInput(), u.TotalOutput(), u.Source, ex.Cost.Nano, in, out, source)
				}
			}
		}
	}
}

// metered meters an answer with these counts, whole or as a stream that passes.
func metered(t *testing.T, d, input, output string, stream bool) *exchange.Exchange {
	t.Helper()
	v := join(t, fmt.Sprint(stream))
	ex := v.Exchange
	usage := counts(d, input, output)
	if !stream {
		ex.Response.Body = []byte(wholeOf(d, usage))
		if err := dialect.ByName(d).ReadResponse(exchange.Chat, &ex.Response, &ex.Usage); err != nil {
			t.Fatal(err)
		}
		v.Respond(200, string(ex.Response.Body))
	} else {
		skim := dialect.ByName(d).Skim(&ex.Request, &ex.Response, &ex.Usage)
		for _, frame := range framesOf(d, usage) {
			skim.Frame([]byte(frame))
		}
		if !skim.SawEnd() {
			t.Fatalf("%s: the stream has no end", d)
		}
		ex.Response.Stream = true
	}
	v.End(exchange.Outcome{Result: exchange.OK})
	return ex
}

// counts is a usage object in the words of a dialect.
func counts(d, input, output string) string {
	names := [2]string{"input_tokens", "output_tokens"}
	if d == "openai" {
		names = [2]string{"prompt_tokens", "completion_tokens"}
	}
	usage := `"other":1`
	for i, n := range [2]string{input, output} {
		if n != "" {
			usage += fmt.Sprintf(",%q:%s", names[i], n)
		}
	}
	return "{" + usage + "}"
}

func wholeOf(d, usage string) string {
	switch d {
	case "anthropic":
		return `{"id":"1","type":"message","role":"assistant","model":"x","content":[{"type":"text","text":"` + said + `"}],"stop_reason":"end_turn","usage":` + usage + `}`
	case "responses":
		return `{"id":"1","object":"response","status":"completed","model":"x","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"` + said + `"}]}],"usage":` + usage + `}`
	default:
		return `{"id":"1","object":"chat.completion","model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"` + said + `"},"finish_reason":"stop"}],"usage":` + usage + `}`
	}
}

func framesOf(d, usage string) []string {
	switch d {
	case "anthropic":
		return []string{
			"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"1\",\"model\":\"x\"}}\n\n",
			"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" + said + "\"}}\n\n",
			"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":" + usage + "}\n\n",
			"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
		}
	case "responses":
		return []string{
			"data: {\"type\":\"response.created\",\"response\":{\"id\":\"1\",\"model\":\"x\"}}\n\n",
			"data: {\"type\":\"response.output_text.delta\",\"delta\":\"" + said + "\"}\n\n",
			"data: {\"type\":\"response.completed\",\"response\":" + wholeOf(d, usage) + "}\n\n",
		}
	default:
		return []string{
			"data: {\"id\":\"1\",\"model\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + said + "\"}}],\"usage\":null}\n\n",
			"data: {\"id\":\"1\",\"model\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":" + usage + "}\n\n",
			"data: [DONE]\n\n",
		}
	}
}
