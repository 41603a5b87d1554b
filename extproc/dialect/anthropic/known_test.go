package anthropic_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

// named are the paths of what another dialect lacks of a request with this content.
func named(t *testing.T, content string) (paths []string) {
	t.Helper()
	r, err := anthropic.Dialect{}.Decode([]byte(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":` + content + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range (openai.Dialect{}).Unsupported(r, canon.Target{Model: "m"}) {
		paths = append(paths, u.Field)
	}
	return paths
}

// A member that another kind of block has is as unknown as any.
func TestMembersOfOtherKindsOfBlocksAreNamed(t *testing.T) {
	for block, others := range map[string][]string{
		`"type":"text","text":"t"`: {"title", "source", "data", "id", "signature"},
		`"type":"image","source":{"type":"url","url":"https://example.org"}`:                         {"title", "text", "content"},
		`"type":"document","source":{"type":"text","data":"t"}`:                                      {"content", "text", "name"},
		`"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"found"}]`: {"text", "data", "is_error"},
	} {
		for _, other := range others {
			got := named(t, fmt.Sprintf(`[{%s,%q:"x"}]`, block, other))
			if want := "messages[0].content[0]." + other; !slices.Contains(got, want) {
				t.Errorf("%s with %s: named are %q", block, other, got)
			}
		}
	}
}

func TestMembersOfOtherKindsOfSourcesAreNamed(t *testing.T) {
	for source, other := range map[string]string{
		`"type":"url","url":"https://example.org"`:             "data",
		`"type":"base64","media_type":"image/png","data":"AA"`: "url",
	} {
		got := named(t, fmt.Sprintf(`[{"type":"image","source":{%s,%q:"x"}}]`, source, other))
		if want := "messages[0].content[0].source." + other; !slices.Contains(got, want) {
			t.Errorf("%s with %s: named are %q", source, other, got)
		}
	}
}

// A conversation that a server holds is no other backend's: one that is to begin is answered
// without, and a request that goes on with one would lose all that came before. Its refusal says
// so in the words on which the vendor's SDKs send the whole history again.
func TestConversationsHeldByTheServer(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]canon.UnsupportedKind{`{"type":"create"}`: canon.Tuning, `{"type":"continue","previous_message_id":"msg_1"}`: canon.Meaning} {
		r, err := anthropic.Dialect{}.Decode([]byte(`{"model":"m","max_tokens":9,"thread":` + body + `,"messages":[{"role":"user","content":"Go on."}]}`))
		if err != nil {
			t.Fatal(err)
		}
		found := openai.Dialect{}.Unsupported(r, canon.Target{Model: "m"})
		if len(found) != 1 || found[0].Field != "thread" || found[0].Kind != kind || kind == canon.Meaning && !strings.Contains(found[0].Why, "held") {
			t.Errorf("%s: %+v", body, found)
		}
	}
	for param, want := range map[string]string{"thread": "thread_not_found", "container": ""} {
		out, status := anthropic.Dialect{}.EncodeFault(nil, &canon.Fault{Kind: canon.FaultRequest, Status: 400, Param: param, Code: "unsupported_field", Message: "m", Exchange: "e"})
		var e struct {
			Error struct {
				Code    string
				Details struct {
					Code        string `json:"error_code"`
					Unsupported []string
				}
			}
		}
		if err := json.Unmarshal(out, &e); err != nil || status != 400 || e.Error.Code != "unsupported_field" || e.Error.Details.Code != want {
			t.Errorf("%v: status %d: %s", err, status, out)
		}
	}
}
