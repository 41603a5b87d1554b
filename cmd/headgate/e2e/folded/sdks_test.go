package folded

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
)

// TestSDKsAskModelsThatReason holds that by default a model which is known to reason is asked
// for a stream, and that the official SDKs do not notice.
func TestSDKsAskModelsThatReason(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, `
  reasons-a: {chain: [a/m+reasoning=20]}
  reasons-c: {chain: [c/m]}
  other: {chain: [b/m]}
models_like:
  a/m+reasoning=20: {reasoning: always}
  c/m: {reasoning: adaptive}
`, nil, gatewaytest.Options{})
	chat, claude := sdk.OpenAI(rig.Gateway), sdk.Claude(rig.Gateway)
	ask := map[string]func(t *testing.T, model, mark string) (text string, out int64){
		"openai": func(t *testing.T, model, mark string) (string, int64) {
			got, err := chat.Chat.Completions.New(t.Context(), sdk.ChatParams(model, mark))
			if err != nil {
				t.Fatal(err)
			}
			return got.Choices[0].Message.Content, got.Usage.CompletionTokens
		},
		"anthropic": func(t *testing.T, model, mark string) (string, int64) {
			got, err := claude.Messages.New(t.Context(), sdk.MessageParams(model, mark))
			if err != nil {
				t.Fatal(err)
			}
			return got.Content[len(got.Content)-1].Text, got.Usage.OutputTokens
		},
	}
	for model, backend := range map[string]string{"reasons-a": "a", "reasons-c": "c", "other": "b"} {
		for name, do := range ask {
			t.Run(name+" "+model, func(t *testing.T) {
				mark := fmt.Sprintf("%s of %s [[sim text=\"I see.\"]]", name, model)
				text, out := do(t, model, mark)
				served := rig.At[backend].With(t).Find(name + " of " + model)
				if text != "I see." || out != int64(served.Usage.TotalOutput()) {
					t.Errorf("%q, %d tokens of %+v", text, out, served.Usage)
				}
				if streamed := gatewaytest.Decoded(t, served.Body)["stream"] == true; streamed != (model != "other") {
					t.Errorf("the backend was asked: %s", served.Body)
				}
			})
		}
	}
}
