package canon_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
)

// TestEndsOfImitators holds that an answer which was cut, filtered or broken off does not look
// whole because its server says so in a word of its own.
func TestEndsOfImitators(t *testing.T) {
	for word, want := range map[string]canon.Finish{
		"model_context_window_exceeded": canon.FinishContextWindow, "MAX_TOKENS": canon.FinishLength, "max_length": canon.FinishLength,
		"sensitive": canon.FinishRefusal, "network_error": canon.FinishError, "eos_token": canon.FinishStop,
		"tool_use": canon.FinishToolCalls, "something_new": canon.FinishOther, "": canon.FinishOther,
	} {
		if got := canon.EndOf([]byte(word)); got != want {
			t.Errorf("%q is %d, want %d", word, got, want)
		}
	}
}
