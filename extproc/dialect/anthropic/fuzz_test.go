package anthropic_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/policy/quirk"
)

func seed(f *testing.F, pattern string, add func([]byte)) {
	files, _ := filepath.Glob(pattern)
	if len(files) == 0 {
		f.Fatalf("no seeds at %s", pattern)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(b)
	}
}

// Whatever a client sends is refused or becomes valid JSON in both dialects.
func FuzzDecodeRequest(f *testing.F) {
	seed(f, "../openai/testdata/requests/*.in.json", func(b []byte) {
		var c golden
		if err := json.Unmarshal(b, &c); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(c.Body))
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := anthropic.DecodeRequest(body)
		if err != nil {
			return
		}
		for name, encode := range map[string]func([]byte, *canon.Request, canon.Target) ([]byte, canon.Dropped, error){
			"openai": openai.EncodeRequest, "anthropic": anthropic.EncodeRequest,
		} {
			for _, quirks := range []quirk.Set{{}, {NoImages: true, NoJSONSchema: true, ShortToolIDs: true, ReplayReasoning: true}} {
				out, _, err := encode(nil, r, canon.Target{Model: "m", Quirks: quirks})
				if err == nil && !json.Valid(out) {
					t.Fatalf("%s: invalid JSON %s", name, out)
				}
			}
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	seed(f, "../openai/testdata/responses/*.in.json", func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := anthropic.DecodeResponse(body)
		if err != nil {
			return
		}
		for _, out := range [][]byte{openai.EncodeResponse(nil, r, client), anthropic.EncodeResponse(nil, r, client)} {
			if !json.Valid(out) {
				t.Fatalf("invalid JSON %s", out)
			}
		}
	})
}

// Whatever a backend streams, in whatever pieces, gives the same stream, whose
// blocks come one after the other and whose end is never both good and bad.
func FuzzTranslateStream(f *testing.F) {
	seed(f, "testdata/streams/*.in.sse", func(b []byte) { f.Add(b, uint16(7)) })
	f.Fuzz(func(t *testing.T, in []byte, size uint16) {
		whole := translate(in)
		if diff := cmp.Diff(string(whole), string(translate(canontest.Pieces(in, int(size)+1)...))); diff != "" {
			t.Fatal(diff)
		}
		if _, stopped, failed := accumulated(t, whole); stopped == failed {
			t.Fatalf("stopped %v, failed %v: %s", stopped, failed, whole)
		}
	})
}

func FuzzDecodeFault(f *testing.F) {
	f.Add(529, []byte(`{"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"r"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		for _, encode := range []func([]byte, *canon.Fault) ([]byte, int){openai.EncodeFault, anthropic.EncodeFault} {
			out, got := encode(nil, anthropic.DecodeFault(status, body))
			if !json.Valid(out) || got < 400 || got > 599 {
				t.Fatalf("status %d: %s", got, out)
			}
		}
	})
}
