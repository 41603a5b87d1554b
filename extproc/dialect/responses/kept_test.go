package responses_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/responses"
	"github.com/headgate/headgate/extproc/scan"
)

// TestWhatARequestNames holds which ids of a request name what OpenAI keeps, and of which of
// them the thing itself is in the request, too.
func TestWhatARequestNames(t *testing.T) {
	type id struct {
		Text, Field  string
		Also, Minted bool
		Bare         bool
	}
	for body, c := range map[string]struct {
		keeps bool
		want  []id
	}{
		`{"model":"m","input":"Hi"}`:                                                                                                                             {true, nil},
		`{"model":"m","input":"Hi","store":null}`:                                                                                                                {true, nil},
		`{"model":"m","input":"Hi","store":false}`:                                                                                                               {false, nil},
		`{"input":"Hi","store":false,"previous_response_id":"resp_1"}`:                                                                                           {true, []id{{"resp_1", "previous_response_id", false, false, false}}},
		`{"previous_response_id":null,"conversation":"conv_1"}`:                                                                                                  {true, []id{{"conv_1", "conversation", false, false, false}}},
		`{"conversation":{"id":"conv_1"},"prompt":{"id":"pmpt_1"}}`:                                                                                              {true, []id{{"conv_1", "conversation", false, false, false}}},
		`{"previous\u005fresponse_id":"resp_1","previous_response_id":"resp_2"}`:                                                                                 {true, []id{{"resp_1", "previous_response_id", false, false, false}, {"resp_2", "previous_response_id", false, false, false}}},
		`{"input":[{"type":"item_reference","id":"msg_1"},{"id":"msg_2"},{"type":null,"id":"msg_3"}]}`:                                                           {true, []id{{"msg_1", "input", false, false, false}, {"msg_2", "input", false, false, false}, {"msg_3", "input", false, false, false}}},
		`{"input":[{"role":"assistant","id":"msg_1","content":"Hi"},{"type":"reasoning","id":"rs_1","summary":[]}]}`:                                             {true, []id{{"msg_1", "input", true, false, false}, {"rs_1", "input", true, false, true}}},
		`{"input":[{"id":"mcp_2","type":"mcp_approval_response","approval_request_id":"mcpr_1","approve":true}]}`:                                                {true, []id{{"mcp_2", "input", true, false, false}, {"mcpr_1", "input", true, false, false}}},
		`{"input":[{"type":"item_reference","id":"fc_hg_01M8_0"},{"id":"msg_hg_01M8_1"},{"role":"user","id":"msg_hg_x","content":"a"}]}`:                         {true, []id{{"fc_hg_01M8_0", "input", false, true, false}, {"msg_hg_01M8_1", "input", false, true, false}, {"msg_hg_x", "input", true, true, false}}},
		`{"input":[{"type":"message","id":"msg_1","type":"item_reference"}]}`:                                                                                    {true, []id{{"msg_1", "input", false, false, false}}},
		`{"input":[{"type":"function_call_output","call_id":"call_1","output":"{\"id\":\"x\"}"}]}`:                                                               {true, nil},
		`{"input":[{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"x"}],"encrypted_content":null}],"store":false}`:                     {true, []id{{"rs_1", "input", true, false, false}}},
		`{"input":[{"type":"reasoning","id":"rs_1","encrypted_content":"x"},{"type":"reasoning","id":"rs_2","content":[{"type":"reasoning_text","text":"x"}]}]}`: {true, []id{{"rs_1", "input", true, false, false}, {"rs_2", "input", true, false, false}}},
		`{"input":[{"type":"reasoning","id":"rs_hg_1"}]}`:                                                                                                        {true, []id{{"rs_hg_1", "input", true, true, false}}},
		`{"input":[{"type":"image_generation_call","id":"ig_1"},{"type":"image_generation_call","id":"ig_2","result":"aGk="}]}`:                                  {true, []id{{"ig_1", "input", false, false, false}, {"ig_2", "input", true, false, false}}},
	} {
		var got []id
		ids, keeps := responses.Dialect{}.KeptIDs([]byte(body))
		for _, one := range ids {
			got = append(got, id{canon.Str(one.Text), one.Field, one.Also, one.Minted, one.Bare})
		}
		if diff := cmp.Diff(c.want, got); diff != "" || keeps != c.keeps {
			t.Errorf("%s: keeps %t (-want +got):\n%s", body, keeps, diff)
		}
	}
}

// TestWhichIDsAreGiven holds which members of answers and events hold ids of what OpenAI keeps.
func TestWhichIDsAreGiven(t *testing.T) {
	for text, want := range map[string][]string{
		`{"id":"resp_1","object":"response","output":[{"type":"message","id":"msg_1","content":[{"type":"output_text","text":"x","annotations":[{"file_id":"file_1"}]}]},{"type":"function_call","id":"fc_1","call_id":"call_1"}],"previous_response_id":"resp_0","conversation":{"id":"conv_1"},"tools":[{"id":"t"}],"prompt":{"id":"p"}}`: {"resp_1", "msg_1", "fc_1", "resp_0", "conv_1"},
		`{"id":"resp_1","object":"response.deleted","deleted":true}`: {"resp_1"},
		`{"object":"list","data":[{"id":"msg_1","content":[{"id":"no"}]},{"id":"mcp_1","approval_request_id":"mcpr_1"}],"first_id":"msg_1","last_id":"mcp_1","has_more":false}`: {"msg_1", "mcp_1", "mcpr_1", "msg_1", "mcp_1"},
		`{"type":"response.completed","sequence_number":9,"response":{"id":"resp_1","output":[{"id":"msg_1"}]}}`:                                                                {"resp_1", "msg_1"},
		`{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","content":[]}}`:                                                            {"msg_1"},
		`{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"delta":"\"id\":\"x\"","logprobs":[{"id":"no"}]}`:                                              {"msg_1"},
		`{"type":"error","code":"id","message":"id","param":"id"}`:                                                                                                              nil,
		`{"id":`: nil,
		`[DONE]`: nil,
	} {
		var got []string
		responses.Dialect{}.GivenIDs([]byte(text), func(v scan.Value) { got = append(got, canon.Str(v)) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func FuzzIDs(f *testing.F) {
	f.Add([]byte(`{"previous_response_id":"resp_1","input":[{"type":"item_reference","id":"msg_1"},{"id":3}],"conversation":{"id":"c"}}`))
	f.Add([]byte(`{"id":"resp_1","response":{"response":{"output":[{"id":"\u0061"}]}},"data":[[{"id":"x"}]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		end := 0
		ids, _ := responses.Dialect{}.KeptIDs(text)
		for _, id := range ids {
			start, ok := scan.Within(text, id.Text)
			if !ok || start < end || id.Text.Kind() != scan.String {
				t.Fatalf("%q names %q at %d", text, id.Text, start)
			}
			end = start + len(id.Text)
		}
		end = 0
		responses.Dialect{}.GivenIDs(text, func(v scan.Value) {
			start, ok := scan.Within(text, v)
			if !ok || start < end {
				t.Fatalf("%q gives %q at %d", text, v, start)
			}
			end = start + len(v)
		})
	})
}
