package responses

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/openai"
	"github.com/headgate/headgate/extproc/sim/wire"
)

const sealedReasoning = "reasoning.encrypted_content"

// includable are the values of include (openai-python 3.54, types/responses/response_includable.py).
var includable = []string{
	"file_search_call.results", "web_search_call.results", "web_search_call.action.sources", "message.input_image.image_url",
	"computer_call_output.output.image_url", "code_interpreter_call.outputs", sealedReasoning, "message.output_text.logprobs",
}

// readReasoning reads how much the model is to think, and how that is shown.
func readReasoning(q *request) *wire.Error {
	efforts, usual := openai.Efforts(q.Model)
	if err := readInclude(q, efforts != nil); err != nil {
		return err
	}
	v := q.f["reasoning"]
	f, err := readFields(v, "reasoning.", map[string]kinds{"effort": text, "summary": text, "generate_summary": text, "context": text, "mode": text})
	if err != nil {
		return err
	}
	for _, name := range []string{"effort", "summary"} {
		if _, ok := f[name]; ok && efforts == nil && !thinksElsewhere(q.Model) {
			return openai.Invalid("reasoning."+name, "unsupported_parameter", "Unsupported parameter: 'reasoning.%s' is not supported with this model.", name)
		}
	}
	summary := f.text("summary") + f.text("generate_summary")
	if values := []string{"auto", "concise", "detailed"}; summary != "" && !slices.Contains(values, summary) {
		return unsupported("reasoning.summary", summary, values)
	}
	q.Thinking = summary != ""
	if q.effort = usual; f["effort"] != nil {
		q.effort = f.text("effort")
	}
	if efforts != nil && !slices.Contains(efforts, q.effort) {
		return openai.Invalid("reasoning.effort", "unsupported_value", "Unsupported value: '%s' is not supported with the '%s' model. Supported values are: %s.", q.effort, q.Model, openai.Quoted(efforts))
	}
	if efforts != nil {
		q.Reasoning = openai.EffortTokens[q.effort]
	}
	return nil
}

// thinksElsewhere reports whether a model is none of OpenAI's. Those that speak its dialect
// take an effort or ignore it.
func thinksElsewhere(model string) bool {
	return !strings.HasPrefix(model, "gpt-") && !strings.HasPrefix(model, "chatgpt-")
}

func readInclude(q *request, thinks bool) *wire.Error {
	e := q.f["include"].Elements()
	for i := 0; e.Next(); i++ {
		at, name := fmt.Sprintf("include[%d]", i), wire.Str(e.Value())
		switch {
		case e.Value().Kind() != scan.String:
			return openai.WrongType(at, "a string", e.Value())
		case !slices.Contains(includable, name):
			return unsupported(at, name, includable)
		case name == sealedReasoning && !thinks && !thinksElsewhere(q.Model): // the text: microsoft/agent-framework#7483
			return openai.Invalid("include", "", "Encrypted content is not supported with this model.")
		case name == sealedReasoning:
			q.sealed = true
		}
	}
	return nil
}

// includes reports whether a request asks for something in its include.
func (q *request) includes(name string) bool {
	return strings.Contains(string(q.f["include"]), `"`+name+`"`)
}

// sealPrefix is how the real API's encrypted content begins.
const sealPrefix = "gAAAAA"

// seal returns encrypted content that only its account can give back. It stands for so many
// tokens.
func seal(account string, tokens int) string {
	raw := binary.BigEndian.AppendUint32(nil, uint32(tokens))
	return sealPrefix + base64.URLEncoding.EncodeToString(append(raw, sealSum(account, raw)...))
}

// sealHead is the length of what the sum is about.
const sealHead = 4

func sealSum(account string, head []byte) []byte {
	sum := sha256.Sum256(append([]byte("headgate simulated reasoning\x00"+account+"\x00"), head...))
	return sum[:]
}

// unseal returns the tokens of encrypted content; false: it was not sealed for the account.
func unseal(account, content string) (tokens int, ok bool) {
	encoded, ok := strings.CutPrefix(content, sealPrefix)
	raw, err := base64.URLEncoding.DecodeString(encoded)
	if !ok || err != nil || len(raw) < sealHead {
		return 0, false
	}
	head := raw[:sealHead]
	return int(binary.BigEndian.Uint32(head)), bytes.Equal(raw[sealHead:], sealSum(account, head))
}

// unverified is the error for encrypted content of another account (openai/codex#8145,
// Wei-Shaw/sub2api#2863).
func unverified(content string) *wire.Error {
	shown := content
	if len(shown) > 12 {
		shown = shown[:4] + "..." + shown[len(shown)-4:]
	}
	return openai.Invalid("", "invalid_encrypted_content", "The encrypted content %s could not be verified. Reason: Encrypted content could not be decrypted or parsed.", shown)
}
