package openai_test

import (
	"bytes"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/scan"
)

// A client that does not want its schema enforced is taken at its word, even if it could
// be.
func TestAnswersAreStrictUnlessTheClientSaysNo(t *testing.T) {
	t.Parallel()
	for strict, want := range map[string]string{"": `"strict":true`, "true": `"strict":true`, "false": `"strict":false`} {
		r, err := openai.Dialect{}.Decode([]byte(`{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema",` +
			`"json_schema":{"name":"n","schema":{"type":"object","properties":{},"additionalProperties":false}}}}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Dialect, r.Format.Strict = "another", scan.Value(strict)
		if strict == "" {
			r.Format.Strict = nil
		}
		body, dropped, err := openai.Dialect{}.Encode(nil, r, canon.Target{Model: "m"})
		if err != nil || len(dropped) > 0 || !bytes.Contains(body, []byte(want)) {
			t.Errorf("strict %q: %s, dropped %q, %v", strict, body, dropped, err)
		}
	}
}
