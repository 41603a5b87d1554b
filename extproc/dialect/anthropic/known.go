package anthropic

import (
	"fmt"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// The members of a request that only Anthropic has, as its SDK's types name them
// (anthropic-sdk-go v1.84.0: MessageNewParams, BetaMessageNewParams; thread:
// anthropic-sdk-python 2.12.0).

// tuning are those without which the answer is still the one asked for.
var tuning = []string{"speed", "betas", "anthropic_beta", "diagnostics", "fallbacks", "fallback_credit_token"}

// own are those that change what is asked for, with what other backends lack.
var own = map[string]string{
	"container":     "it belongs to the provider that made it",
	threadField:     "a conversation is held by the provider that began it",
	"mcp_servers":   "it calls no servers by itself",
	"compaction":    "it sums up no conversations",
	"inference_geo": "it cannot be told where to run",
	"max_tokens":    "it cannot only fill a cache",
}

// threadField asks the server to hold the conversation, or goes on with one that it holds.
const threadField = "thread"

// tuningOfBlocks, tuningOfTools and tuningOfMessages are the same of blocks, tools and
// messages.
var (
	tuningOfBlocks   = []string{"citations", "caller", "context", "transformations", "toolset_name"}
	tuningOfTools    = []string{"eager_input_streaming", "input_examples", "defer_loading", "allowed_callers"}
	tuningOfMessages = []string{"clear_at", "output_config"}
)

// want checks the kind of a member that may be absent.
func want(v scan.Value, kind scan.Kind, path string) error {
	if k := v.Kind(); k == kind || k == scan.Invalid || k == scan.Null {
		return nil
	}
	return canon.Errorf(path, "must be %s", kindNames[kind])
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
