package responses

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// The members that other dialects have no counterpart for, as the vendor's SDK
// (openai-go v3.98.0: ResponseNewParams) and Codex (0.171.0) name them.

// tuning are those without which the answer is still the one asked for.
var tuning = []string{"include", "truncation", "max_tool_calls", "prompt_cache_options", "access_programs", "client_metadata",
	"stream_options.include_obfuscation", "reasoning.summary", "reasoning.generate_summary", "reasoning.context", "reasoning.mode"}

// own are those that change what is asked for, with what other backends lack.
var own = map[string]string{
	"previous_response_id": "no responses are kept there: send the earlier items as input",
	"conversation":         "no conversations are kept there: send the earlier items as input",
	"prompt":               "no prompts are kept there: send its text as instructions or input",
	"background":           "it answers while the client waits: leave it out",
	"context_management":   "it shortens no conversations: send fewer items as input",
	"top_logprobs":         "it gives no log probabilities",
	"moderation":           "it moderates nothing by itself",
	"image":                "it makes no images",
}

// tuningOfTools and tuningOfItems are the same of tools and of items.
var (
	tuningOfTools = []string{"async", "defer_loading", "allowed_callers", "output_schema"}
	tuningOfItems = []string{"caller", "async", "phase", "name", "internal_chat_message_metadata_passthrough"}
)

// saysNothing are members of items that mean nothing beyond the server that wrote them, and
// the namespace of a call, whose tool has the same name without it.
var saysNothing = []string{"id", "status", "created_by", "namespace"}

// ofItem marks the members of an item that its reader did not know.
func ofItem(extra []canon.Member) []canon.Member {
	canon.Tunes(extra, tuningOfItems...)
	for i := range extra {
		for _, name := range saysNothing {
			extra[i].Read = extra[i].Read || string(extra[i].Name) == name
		}
	}
	return extra
}

// want checks the kind of a member that may be absent. Its path is given in pieces.
func want(v scan.Value, kind scan.Kind, path ...string) error {
	if k := v.Kind(); k == kind || k == scan.Invalid || k == scan.Null {
		return nil
	}
	return canon.Errorf(strings.Join(path, ""), "must be %s", kindNames[kind])
}

var kindNames = [...]string{scan.Object: "an object", scan.Array: "a list", scan.String: "a string", scan.Number: "a number", scan.Bool: "a boolean"}

// first returns the first error of several.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func wantString(v scan.Value, name string) error {
	if v.Kind() != scan.String {
		return fmt.Errorf("%s must be a string", name)
	}
	return nil
}
