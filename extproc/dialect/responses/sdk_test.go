package responses_test

import (
	"bytes"
	"encoding/json"
	"testing"

	sdk "github.com/openai/openai-go/v3/responses"

	"github.com/headgate/headgate/extproc/canon/canontest"
)

// judge is the vendor's SDK.
var judge = &canontest.Judge{Answer: sdkAnswer, Stream: sdkStream, Request: canontest.Rewrite[sdk.ResponseNewParams], Loosen: loosen}

func sdkAnswer(t testing.TB, body []byte) canontest.Heard {
	t.Helper()
	return heard(t, canontest.Read[sdk.Response](t, body))
}

// heard is what the SDK's types hold of a response. Each item must be of a kind that they
// know.
func heard(t testing.TB, r *sdk.Response) canontest.Heard {
	t.Helper()
	h := canontest.Heard{Finish: string(r.Status)}
	if r.IncompleteDetails.Reason != "" {
		h.Finish += " " + r.IncompleteDetails.Reason
	}
	if !r.JSON.ID.Valid() || !r.JSON.CreatedAt.Valid() || !r.JSON.Model.Valid() || !r.JSON.Tools.Valid() || !r.JSON.ToolChoice.Valid() || !r.JSON.Metadata.Valid() {
		t.Fatalf("the response lacks what the SDK demands: %s", r.RawJSON())
	}
	for i := range r.Output {
		h.Blocks = append(h.Blocks, blocks(t, &r.Output[i])...)
	}
	u := &r.Usage
	h.Usage = [5]int64{u.InputTokens, u.OutputTokens, u.TotalTokens, u.InputTokensDetails.CachedTokens, u.OutputTokensDetails.ReasoningTokens}
	return h
}

func blocks(t testing.TB, item *sdk.ResponseOutputItemUnion) (all []string) {
	t.Helper()
	switch v := item.AsAny().(type) {
	case sdk.ResponseOutputMessage:
		for i := range v.Content {
			switch c := v.Content[i].AsAny().(type) {
			case sdk.ResponseOutputText:
				all = append(all, "text "+c.Text)
			case sdk.ResponseOutputRefusal:
				all = append(all, "refusal "+c.Refusal)
			default:
				t.Fatalf("the SDK does not know the part %s", v.Content[i].RawJSON())
			}
		}
	case sdk.ResponseReasoningItem:
		for _, s := range v.Summary {
			all = append(all, "summary "+s.Text)
		}
		if v.EncryptedContent != "" {
			all = append(all, "encrypted "+v.EncryptedContent)
		}
	case sdk.ResponseFunctionToolCall:
		all = append(all, "function "+v.CallID+" "+v.Name+" "+compact(v.Arguments))
	case sdk.ResponseCustomToolCall:
		all = append(all, "custom "+v.CallID+" "+v.Name+" "+v.Input)
	case nil:
		t.Fatalf("the SDK does not know the item %s", item.RawJSON())
	default:
		all = append(all, item.Type)
	}
	return all
}

func compact(args string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(args)) != nil {
		return "invalid: " + args
	}
	return b.String()
}

// loosen takes what the SDK writes in another form than it reads: a message without its
// type is one, a stream is the SDK's own to ask for, and of a named tool choice its union
// keeps the type only.
func loosen(tree any) {
	switch v := tree.(type) {
	case map[string]any:
		delete(v, "stream")
		if v["role"] != nil && v["type"] == "message" {
			delete(v, "type")
		}
		for k, m := range v {
			if _, named := m.(map[string]any); m == nil || k == "tool_choice" && named {
				delete(v, k)
			}
			loosen(m)
		}
	case []any:
		for _, e := range v {
			loosen(e)
		}
	}
}
