package canon

import "strings"

// ends are the words in which servers that imitate a dialect say why an answer ended: GLM's,
// Mistral's, Gemini's, Cohere's, Bedrock's, Hugging Face's and vLLM's. The vendors' own words
// are their dialects'.
var ends = map[string]Finish{
	"end_turn": FinishStop, "eos": FinishStop, "eos_token": FinishStop, "complete": FinishStop, "completed": FinishStop,
	"stop_sequence": FinishStopSequence,
	"max_tokens":    FinishLength, "max_length": FinishLength, "model_length": FinishLength, "max_output_tokens": FinishLength,
	"model_context_window_exceeded": FinishContextWindow, "context_length_exceeded": FinishContextWindow, "context_window_exceeded": FinishContextWindow,
	"tool_use": FinishToolCalls, "tool_call": FinishToolCalls,
	"refusal": FinishRefusal, "sensitive": FinishRefusal, "safety": FinishRefusal, "recitation": FinishRefusal,
	"prohibited_content": FinishRefusal, "blocklist": FinishRefusal, "spii": FinishRefusal, "error_toxic": FinishRefusal,
	"content_filtered": FinishRefusal, "guardrail_intervened": FinishRefusal,
	"pause_turn": FinishPause,
	"error":      FinishError, "network_error": FinishError, "insufficient_system_resource": FinishError, "abort": FinishError,
	"malformed_function_call": FinishError, "malformed_model_output": FinishError, "malformed_tool_use": FinishError,
}

// EndOf returns what a word that is none of a dialect's own says of an answer's end.
func EndOf(word []byte) Finish {
	if f, ok := ends[strings.ToLower(string(word))]; ok {
		return f
	}
	return FinishOther
}
