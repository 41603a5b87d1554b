package anthropic_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
)

// A request that is written anew for a server of its own dialect says the same.
func TestARequestWrittenAnewSaysTheSame(t *testing.T) {
	files, err := filepath.Glob("../../provider/testdata/leaves/anthropic/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := anthropic.Dialect{}.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		out, dropped, err := anthropic.Dialect{}.Encode(nil, r, canon.Target{Model: "m"})
		if err != nil || len(dropped) > 0 {
			t.Errorf("%s: dropped %q, %v", file, dropped, err)
		}
		var want, got map[string]any
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if want["stream"] == false {
			delete(want, "stream") // it is without a word
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}
