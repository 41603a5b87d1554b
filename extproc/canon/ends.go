package canon

import (
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

// ends are the words in which servers that imitate a dialect say why an answer ended: those of
// the other dialects, GLM's, Mistral's, Gemini's, Cohere's, Bedrock's, Hugging Face's and vLLM's.
// What a word means in a dialect of its own, that dialect says.
var ends = map[string]Finish{
	"stop": FinishStop, "end_turn": FinishStop, "eos": FinishStop, "eos_token": FinishStop, "complete": FinishStop, "completed": FinishStop,
	"stop_sequence": FinishStopSequence,
	"length":        FinishLength, "max_tokens": FinishLength, "max_length": FinishLength, "model_length": FinishLength, "max_output_tokens": FinishLength,
	"model_context_window_exceeded": FinishContextWindow, "context_length_exceeded": FinishContextWindow, "context_window_exceeded": FinishContextWindow,
	"tool_use": FinishToolCalls, "tool_call": FinishToolCalls, "tool_calls": FinishToolCalls, "function_call": FinishToolCalls,
	"refusal": FinishRefusal, "content_filter": FinishRefusal, "image_safety": FinishRefusal, "sensitive": FinishRefusal, "safety": FinishRefusal, "recitation": FinishRefusal,
	"prohibited_content": FinishRefusal, "blocklist": FinishRefusal, "spii": FinishRefusal, "error_toxic": FinishRefusal,
	"content_filtered": FinishRefusal, "guardrail_intervened": FinishRefusal,
	"pause_turn": FinishPause,
	"error":      FinishError, "network_error": FinishError, "insufficient_system_resource": FinishError, "abort": FinishError,
	"failed": FinishError, "cancelled": FinishError, "unexpected_tool_call": FinishError,
	"malformed_function_call": FinishError, "malformed_model_output": FinishError, "malformed_tool_use": FinishError,
}

// EndOf returns what a word that is none of a dialect's own says of an answer's end. Gemini's
// imitation of OpenAI adds its own word after a colon ("content_filter: SAFETY").
func EndOf(word []byte) Finish {
	name, _, _ := strings.Cut(strings.ToLower(string(word)), ":")
	if f, ok := ends[name]; ok {
		return f
	}
	return FinishOther
}

// endWords are the words that are known, so that those of most answers need no memory of their own.
var endWords = func() map[string]string {
	words := make(map[string]string, len(ends))
	for w := range ends {
		words[w] = w
	}
	return words
}()

// EndWord returns the text of a word for an end.
func EndWord(word scan.Value) string {
	if w, ok := endWords[string(Inside(word))]; ok {
		return w
	}
	return Str(word)
}

// Good reports whether an ending means no more than that the answer is whole, so that a call in it
// is what it ended with.
func (f Finish) Good() bool { return f == FinishStop || f == FinishOther }

// BrokeOff is the fault of an answer whose end is a word for a failure: no error says so.
func BrokeOff(word scan.Value) *Fault {
	return &Fault{Kind: FaultServer, Status: 502, Code: Str(word), Message: "The provider broke off its answer.", Unsaid: true}
}
