package provider

import "testing"

func TestLongToolIDs(t *testing.T) {
	for body, want := range map[string]bool{
		`{"tool_call_id":"12345"}`:                          false,
		`{"tool_call_id" : "123456"}`:                       true,
		`{"tool_call_id":"1"},{"tool_call_id":"123456"}`:    true,
		`{"tool_call_id":null,"content":"a longer string"}`: false,
		`{"tool_call_id":`:                                  false,
		`"tool_call_id"`:                                    false,
		`{}`:                                                false,
	} {
		if got := longToolID([]byte(body), 5); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}
