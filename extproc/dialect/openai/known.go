package openai

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// The members that other dialects have no counterpart for, as the vendor's SDK
// (openai-go v3.98.0: ChatCompletionNewParams) and those of compatible servers name them.

// onlyTuning are those without which the answer is still the one asked for. thinking and
// reasoning are read where they can be (reasonobject.go).
var onlyTuning = []string{"prompt_cache_options", "include_reasoning", "thinking", "reasoning"}

// own are those that change what is asked for, with what other backends lack.
var own = map[string]string{"moderation": "it moderates nothing by itself"}

// tuningOfOptions and tuningOfParts are the same of stream_options, and of what stands in
// the parts of a message: the type of a file that its data say too.
var (
	tuningOfOptions = []string{"stream_options.include_obfuscation", "stream_options.continuous_usage_stats"}
	tuningOfParts   = []string{"image_url.format", "file.format"}
)

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

func wantString(v scan.Value, name ...string) error {
	if v.Kind() != scan.String {
		return fmt.Errorf("%s must be a string", strings.Join(name, ""))
	}
	return nil
}
